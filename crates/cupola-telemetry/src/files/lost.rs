//! Which lines of a batch did not get everywhere.

/// The lines of one batch that some output has not taken. While nothing is lost it costs nothing.
#[derive(Debug, Default)]
pub(crate) struct Lost {
    lines: usize,
    marks: Vec<bool>,
}

impl Lost {
    /// Another batch, of so many lines.
    pub(crate) fn begin(&mut self, lines: u64) {
        self.lines = usize::try_from(lines).unwrap_or(usize::MAX);
        self.marks.clear();
    }

    /// The last so many lines were not taken.
    pub(crate) fn last(&mut self, lost: u64) {
        let lost = usize::try_from(lost).unwrap_or(usize::MAX).min(self.lines);
        if lost > 0 {
            let first = self.lines - lost;
            self.marks().iter_mut().skip(first).for_each(|mark| *mark = true);
        }
    }

    /// These lines were not taken.
    pub(crate) fn these(&mut self, lines: &[u32]) {
        for line in lines {
            if let Some(mark) = self.marks().get_mut(*line as usize) {
                *mark = true;
            }
        }
    }

    pub(crate) fn count(&self) -> u64 {
        self.marks.iter().filter(|mark| **mark).count() as u64
    }

    fn marks(&mut self) -> &mut [bool] {
        self.marks.resize(self.lines, false);
        &mut self.marks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_two_outputs_have_lost_is_lost_once() {
        let mut lost = Lost::default();
        lost.begin(10);
        assert_eq!(lost.count(), 0);
        lost.last(3);
        lost.these(&[1, 8, 99]);
        assert_eq!(lost.count(), 4);
        lost.begin(2);
        assert_eq!(lost.count(), 0);
        lost.last(7);
        assert_eq!(lost.count(), 2);
    }
}
