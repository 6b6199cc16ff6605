//! Which offers a search asks for.

use serde_json::{Map, Value};

/// What a search says that is no filter.
const WORDS: [&str; 4] = ["limit", "type", "order", "allocated_storage"];

/// Whether an offer has what all filters ask for.
///
/// # Errors
/// What is wrong with a filter, in words.
pub(super) fn matches(offer: &Value, asked: &Map<String, Value>) -> Result<bool, String> {
    let mut all = true;
    for (name, filter) in asked.iter().filter(|(name, _)| !WORDS.contains(&name.as_str())) {
        let value = offer.get(name).ok_or_else(|| format!("there is no field {name}"))?;
        let filter = filter.as_object().ok_or_else(|| format!("the filter of {name} is no object"))?;
        for (operator, bound) in filter {
            all &=
                holds(value, operator, bound).ok_or_else(|| format!("{name} has no filter {operator} of this kind"))?;
        }
    }
    Ok(all)
}

/// Whether it holds; `None` where it cannot be asked.
fn holds(value: &Value, operator: &str, bound: &Value) -> Option<bool> {
    match operator {
        "eq" => Some(same(value, bound)),
        "neq" => Some(!same(value, bound)),
        "in" => Some(bound.as_array()?.iter().any(|bound| same(value, bound))),
        "notin" => Some(!bound.as_array()?.iter().any(|bound| same(value, bound))),
        "gt" => Some(value.as_f64()? > bound.as_f64()?),
        "gte" => Some(value.as_f64()? >= bound.as_f64()?),
        "lt" => Some(value.as_f64()? < bound.as_f64()?),
        "lte" => Some(value.as_f64()? <= bound.as_f64()?),
        _ => None,
    }
}

/// 2 and 2.0 are the same.
fn same(value: &Value, bound: &Value) -> bool {
    value == bound || value.as_f64().is_some_and(|number| bound.as_f64() == Some(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_offer_has_what_is_asked_for_or_not() {
        let offer = json!({ "gpu_name": "L40S", "num_gpus": 2, "verified": true, "dph_total": 1.25 });
        let check = |asked: Value, expected: Result<bool, &str>| {
            let found = matches(&offer, asked.as_object().unwrap());
            assert_eq!(found.as_ref().copied().map_err(String::as_str), expected, "{asked}");
        };
        check(json!({}), Ok(true));
        check(json!({ "limit": 3, "type": "on-demand", "num_gpus": { "eq": 2.0 } }), Ok(true));
        check(json!({ "gpu_name": { "in": ["L40S", "H100"] }, "dph_total": { "gte": 1, "lte": 1.25 } }), Ok(true));
        check(json!({ "verified": { "eq": false } }), Ok(false));
        check(json!({ "dph_total": { "lt": 1.25 } }), Ok(false));
        check(json!({ "colour": { "eq": "red" } }), Err("there is no field colour"));
        check(json!({ "num_gpus": 2 }), Err("the filter of num_gpus is no object"));
        check(json!({ "gpu_name": { "gte": 1 } }), Err("gpu_name has no filter gte of this kind"));
        check(json!({ "num_gpus": { "like": 2 } }), Err("num_gpus has no filter like of this kind"));
    }
}
