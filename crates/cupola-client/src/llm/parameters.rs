//! How a model is asked, as the request's body says.

use cupola_line::{Value, scan};
use cupola_record::LlmParameters;

/// What a request's body says of how the model is asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Asked {
    pub(super) model: Option<String>,
    pub(super) parameters: LlmParameters,
}

impl Asked {
    /// Reads a body, of any of the formats; what is no JSON says nothing.
    pub(super) fn of(body: &[u8]) -> Self {
        let mut asked = Self::default();
        asked.object(body);
        asked
    }

    fn object(&mut self, json: &[u8]) {
        for (key, value) in scan(json).map_while(Result::ok) {
            let parameters = &mut self.parameters;
            match key.raw() {
                b"model" => self.model = value.as_text().map(|text| text.unescape().into_owned()),
                b"temperature" => parameters.temperature = value.as_f64(),
                b"top_p" | b"topP" => parameters.top_p = value.as_f64(),
                b"max_tokens" | b"max_completion_tokens" | b"max_output_tokens" | b"maxOutputTokens" => {
                    parameters.max_tokens = value.as_u64();
                }
                b"stream" => parameters.stream = if let Value::Bool(stream) = value { Some(stream) } else { None },
                b"generationConfig" | b"generation_config" => {
                    if let Value::Object(json) = value {
                        self.object(json);
                    }
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_of_the_providers() {
        let check = |body: &str, model: Option<&str>, temperature, top_p, max_tokens, stream| {
            let asked = Asked::of(body.as_bytes());
            assert_eq!(asked.model.as_deref(), model, "{body}");
            assert_eq!(asked.parameters, LlmParameters { temperature, top_p, max_tokens, stream }, "{body}");
        };
        let messages = r#""messages":[{"role":"user","content":"\"temperature\":9"}]"#;
        check(
            &format!(r#"{{"model":"small-1",{messages},"temperature":0.2,"top_p":1,"max_tokens":50,"stream":true}}"#),
            Some("small-1"),
            Some(0.2),
            Some(1.0),
            Some(50),
            Some(true),
        );
        check(r#"{"max_completion_tokens":7,"stream":false}"#, None, None, None, Some(7), Some(false));
        let gemini = r#"{"contents":[],"generationConfig":{"temperature":1.5,"topP":0.9,"maxOutputTokens":8}}"#;
        check(gemini, None, Some(1.5), Some(0.9), Some(8), None);
        check(r#"{"model":"a","temperature":"#, Some("a"), None, None, None, None);
        check("garbage", None, None, None, None, None);
    }

    /// Deeper than any: it is not followed without end.
    #[test]
    fn a_hostile_body_does_no_harm() {
        let depth = 50_000;
        let body = format!("{}{}", r#"{"generationConfig":"#.repeat(depth), "}".repeat(depth));
        assert_eq!(Asked::of(body.as_bytes()), Asked::default());
    }
}
