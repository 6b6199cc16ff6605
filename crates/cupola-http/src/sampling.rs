//! What the variables say about sampling.

use cupola_context::{Sampler, Share};
use cupola_record::{VarError, Vars};

const NAMES: &str = "always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off or \
                     parentbased_traceidratio";
const SHARE: &str = "a number from 0 to 1";

/// `OTEL_TRACES_SAMPLER` with its argument, else the older `OTEL_TRACE_SAMPLE_RATE`.
pub(crate) fn sampler(vars: Vars<'_>) -> Result<Option<Sampler>, VarError> {
    let share = vars.read("OTEL_TRACES_SAMPLER_ARG", SHARE, share);
    let named = vars.read("OTEL_TRACES_SAMPLER", NAMES, |name| {
        let (parent_based, name) = match name.strip_prefix("parentbased_") {
            Some(root) => (true, root),
            None => (false, name),
        };
        let sampler = match name {
            "always_on" => Sampler::always_on(),
            "always_off" => Sampler::always_off(),
            "traceidratio" => Sampler::ratio(share.as_ref().ok().copied().flatten().unwrap_or(1.0)),
            _ => return None,
        };
        Some(if parent_based { sampler.parent_based() } else { sampler })
    })?;
    share?;
    let rate = vars.read("OTEL_TRACE_SAMPLE_RATE", SHARE, self::share)?;
    Ok(named.or_else(|| rate.map(|rate| Sampler::ratio(rate).parent_based())))
}

/// Which share of access lines is written.
pub(crate) fn lines(vars: Vars<'_>) -> Result<Option<Share>, VarError> {
    Ok(vars.read("CUPOLA_LOG_SAMPLE", SHARE, share)?.map(Share::new))
}

fn share(text: &str) -> Option<f64> {
    text.parse().ok().filter(|share| (0.0..=1.0).contains(share))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Option<Sampler>, VarError> {
        let value = |asked: &str| pairs.iter().find(|(name, _)| *name == asked).map(|(_, value)| (*value).to_owned());
        sampler(Vars::new(&value))
    }

    #[test]
    fn every_sampler_of_the_specification_has_its_name() {
        let check = |name, share, expected| {
            let pairs = [("OTEL_TRACES_SAMPLER", name), ("OTEL_TRACES_SAMPLER_ARG", share)];
            assert_eq!(read(&pairs), Ok(Some(expected)), "{name} {share}");
        };
        check("always_on", "", Sampler::always_on());
        check("always_off", "0.5", Sampler::always_off());
        check("traceidratio", "0.25", Sampler::ratio(0.25));
        check("traceidratio", "", Sampler::ratio(1.0));
        check("parentbased_always_on", "", Sampler::always_on().parent_based());
        check("parentbased_always_off", "", Sampler::always_off().parent_based());
        check("parentbased_traceidratio", "1e-3", Sampler::ratio(0.001).parent_based());
        assert_eq!(read(&[]), Ok(None));
    }

    #[test]
    fn the_older_name_is_weaker() {
        let rate = ("OTEL_TRACE_SAMPLE_RATE", "0.5");
        assert_eq!(read(&[rate]), Ok(Some(Sampler::ratio(0.5).parent_based())));
        assert_eq!(read(&[rate, ("OTEL_TRACES_SAMPLER", "always_off")]), Ok(Some(Sampler::always_off())));
    }

    #[test]
    fn what_is_not_there_is_refused() {
        let check = |name, value, accepted: &str| {
            let expected = format!("{name} is `{value}`; accepted: {accepted}");
            assert_eq!(read(&[(name, value)]).unwrap_err().to_string(), expected);
        };
        let names = "always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off or \
                     parentbased_traceidratio";
        check("OTEL_TRACES_SAMPLER", "parentbased_jaeger_remote", names);
        check("OTEL_TRACES_SAMPLER", "xray", names);
        check("OTEL_TRACES_SAMPLER", "parentbased_", names);
        check("OTEL_TRACES_SAMPLER_ARG", "1.5", "a number from 0 to 1");
        check("OTEL_TRACES_SAMPLER_ARG", "NaN", "a number from 0 to 1");
        check("OTEL_TRACE_SAMPLE_RATE", "half", "a number from 0 to 1");
    }
}
