//! What became of every line.

/// Lines by what became of them; `lines` is the sum of all the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) lines: u64,
    /// Shown, or counted by whoever counts.
    pub(crate) shown: u64,
    /// Did not match the filter, or fell out of the last so many.
    pub(crate) unmatched: u64,
    /// Empty.
    pub(crate) blank: u64,
    /// In another file of the same folder too, and shown from there.
    pub(crate) twice: u64,
    /// No JSON object, or a broken one.
    pub(crate) unparsable: u64,
    /// The beginning of a JSON object.
    pub(crate) torn: u64,
    /// Over the length that is read.
    pub(crate) too_long: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, other: &Self) {
        self.lines += other.lines;
        self.shown += other.shown;
        self.unmatched += other.unmatched;
        self.blank += other.blank;
        self.twice += other.twice;
        self.unparsable += other.unparsable;
        self.torn += other.torn;
        self.too_long += other.too_long;
    }

    /// Lines that are not there.
    pub(crate) fn missing(&self) -> u64 {
        self.unmatched + self.twice + self.unparsable + self.torn + self.too_long
    }

    /// Lines that were left out although nobody asked for that.
    pub(crate) fn unread(&self) -> u64 {
        self.unparsable + self.torn + self.too_long
    }

    /// What there is to say of those.
    pub(crate) fn unread_sentence(&self) -> String {
        Self { unmatched: 0, twice: 0, ..*self }.sentence()
    }

    /// `2831222 lines, 12 not shown: 9 unparsable, 2 torn, 1 too long`.
    pub(crate) fn sentence(&self) -> String {
        self.sentence_of("not shown", "shown once already")
    }

    /// The same, of lines that are shown in another sense.
    pub(crate) fn sentence_of(&self, not_shown: &str, twice: &str) -> String {
        let lines = format!("{} line{}", self.lines, if self.lines == 1 { "" } else { "s" });
        let reasons = [
            (self.unmatched, "not matching"),
            (self.twice, twice),
            (self.unparsable, "unparsable"),
            (self.torn, "torn"),
            (self.too_long, "too long"),
        ];
        let reasons = reasons.iter().filter(|(count, _)| *count > 0).map(|(count, why)| format!("{count} {why}"));
        match self.missing() {
            0 => lines,
            missing => format!("{lines}, {missing} {not_shown}: {}", reasons.collect::<Vec<_>>().join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences() {
        let whole = Tally { lines: 1, shown: 1, ..Tally::default() };
        assert_eq!(whole.sentence(), "1 line");
        let mut sum = Tally { lines: 10, unparsable: 2, too_long: 1, ..Tally::default() };
        sum.add(&whole);
        assert_eq!(sum.sentence(), "11 lines, 3 not shown: 2 unparsable, 1 too long");
    }
}
