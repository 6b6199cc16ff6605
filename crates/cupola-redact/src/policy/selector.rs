//! Paths of JSON: compiled to steps, and followed by one set of bits for each open container.

use super::error::{PolicyError, Problem};

/// What a path does to the value that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    Deny,
    Keep,
    Allow,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// A member of this name.
    Name(Box<str>),
    /// An element of this number.
    Index(usize),
    /// Any member or element.
    Any,
    /// Any number of levels; the step behind it decides.
    Descend,
}

/// All paths of a policy, as one list of steps; each path ends in an effect.
#[derive(Debug)]
pub(crate) struct Selectors {
    steps: Vec<Step>,
    /// The position behind each path's last step, and what happens there.
    ends: Vec<(usize, Effect)>,
    starts: u64,
    pub(crate) is_allow_list: bool,
}

const MAX_STEPS: usize = 63;

impl Selectors {
    pub(super) fn new(paths: &[(String, Effect)]) -> Result<Option<Self>, PolicyError> {
        if paths.is_empty() {
            return Ok(None);
        }
        let is_allow_list = paths.iter().any(|(_, effect)| *effect == Effect::Allow);
        let mut this = Self { steps: Vec::new(), ends: Vec::new(), starts: 0, is_allow_list };
        for (path, effect) in paths {
            let steps = parse(path).ok_or_else(|| PolicyError::new(path, Problem::NotAPath))?;
            // One position more than steps: the end, too, has a bit.
            if this.steps.len() + steps.len() + 1 > MAX_STEPS {
                return Err(PolicyError::new(path, Problem::TooManyPaths));
            }
            this.starts |= 1 << this.steps.len();
            this.steps.extend(steps);
            this.ends.push((this.steps.len(), *effect));
            // Nothing fits the place of the end.
            this.steps.push(Step::Index(usize::MAX));
        }
        this.starts = this.skip_descents(this.starts);
        Ok(Some(this))
    }

    /// `..` may stand for no level at all.
    fn skip_descents(&self, mut set: u64) -> u64 {
        for (index, step) in self.steps.iter().enumerate() {
            if *step == Step::Descend && set >> index & 1 == 1 {
                set |= 1 << (index + 1);
            }
        }
        set
    }

    fn advance(&self, set: u64, fits: impl Fn(&Step) -> bool) -> u64 {
        let mut next = 0;
        for (index, step) in self.steps.iter().enumerate() {
            if set >> index & 1 == 1 {
                match step {
                    Step::Descend => next |= 1 << index,
                    step if fits(step) => next |= 1 << (index + 1),
                    _ => {}
                }
            }
        }
        self.skip_descents(next)
    }

    fn has(&self, set: u64, effect: Effect) -> bool {
        self.ends.iter().any(|(end, own)| *own == effect && set >> end & 1 == 1)
    }
}

/// `$.a['b c'][0][*]..d`
fn parse(path: &str) -> Option<Vec<Step>> {
    let mut rest = path.trim().strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("..") {
            steps.push(Step::Descend);
            rest = after;
            if !rest.starts_with('[') {
                rest = name(rest, &mut steps)?;
            }
        } else if let Some(after) = rest.strip_prefix('.') {
            rest = name(after, &mut steps)?;
        } else {
            rest = bracket(rest.strip_prefix('[')?, &mut steps)?;
        }
    }
    (!steps.is_empty()).then_some(steps)
}

fn name<'a>(rest: &'a str, steps: &mut Vec<Step>) -> Option<&'a str> {
    let end = rest.find(['.', '[']).unwrap_or(rest.len());
    let (name, rest) = rest.split_at(end);
    let is_name = !name.is_empty() && !name.contains(['*', ']', '\'', '"', ' ']);
    steps.push(if name == "*" { Step::Any } else { Step::Name(is_name.then_some(name)?.into()) });
    Some(rest)
}

fn bracket<'a>(rest: &'a str, steps: &mut Vec<Step>) -> Option<&'a str> {
    for quote in ['\'', '"'] {
        if let Some(after) = rest.strip_prefix(quote) {
            let (name, rest) = after.split_once(quote)?;
            steps.push(Step::Name(name.into()));
            return rest.strip_prefix(']');
        }
    }
    let (inside, rest) = rest.split_once(']')?;
    steps.push(if inside == "*" { Step::Any } else { Step::Index(inside.parse().ok()?) });
    Some(rest)
}

/// Where in all paths the reader of a body is.
#[derive(Debug)]
pub(crate) struct Track {
    /// One set for each open container, and how many elements it has had.
    levels: Vec<(u64, usize, bool)>,
    /// The set of the value that comes next.
    next: u64,
    /// The value stands under an allowed one.
    next_allowed: bool,
}

impl Track {
    pub(crate) fn new(selectors: &Selectors) -> Self {
        Self {
            levels: Vec::new(),
            next: selectors.starts,
            next_allowed: selectors.has(selectors.starts, Effect::Allow),
        }
    }

    /// The value behind this name is next.
    pub(crate) fn member(&mut self, selectors: &Selectors, name: &[u8]) {
        let Some(&(set, _, allowed)) = self.levels.last() else { return };
        self.next = selectors.advance(set, |step| match step {
            Step::Name(own) => own.as_bytes() == name,
            step => *step == Step::Any,
        });
        self.next_allowed = allowed || selectors.has(self.next, Effect::Allow);
    }

    /// The next element of an array is next.
    pub(crate) fn element(&mut self, selectors: &Selectors) {
        let Some((set, count, allowed)) = self.levels.last_mut() else { return };
        let index = *count;
        *count += 1;
        self.next = selectors.advance(*set, |step| *step == Step::Any || *step == Step::Index(index));
        self.next_allowed = *allowed || selectors.has(self.next, Effect::Allow);
    }

    pub(crate) fn open(&mut self) {
        self.levels.push((self.next, 0, self.next_allowed));
    }

    pub(crate) fn close(&mut self) {
        self.levels.pop();
    }

    pub(crate) fn is_denied(&self, selectors: &Selectors) -> bool {
        selectors.has(self.next, Effect::Deny)
    }

    pub(crate) fn is_kept(&self, selectors: &Selectors) -> bool {
        selectors.has(self.next, Effect::Keep)
    }

    /// Whether an allow list does not show this value.
    pub(crate) fn is_left_out(&self, selectors: &Selectors) -> bool {
        selectors.is_allow_list && !self.next_allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read() {
        let name = |name: &str| Step::Name(name.into());
        for (path, expected) in [
            ("$.a.b", Some(vec![name("a"), name("b")])),
            ("$..x", Some(vec![Step::Descend, name("x")])),
            ("$.items[*].y", Some(vec![name("items"), Step::Any, name("y")])),
            ("$['a b'][0].*", Some(vec![name("a b"), Step::Index(0), Step::Any])),
            ("$..[1]", Some(vec![Step::Descend, Step::Index(1)])),
            ("$", None),
            ("a.b", None),
            ("$.", None),
            ("$.a[", None),
            ("$.a[x]", None),
            ("$['a", None),
            ("$.a b", None),
        ] {
            assert_eq!(parse(path), expected, "{path}");
        }
    }
}
