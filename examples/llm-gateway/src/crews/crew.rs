//! Who works together, and who waits for whom.

use serde::Serialize;

/// One who works on a topic.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Agent {
    /// The name.
    pub name: &'static str,
    /// What it is told to do.
    pub task: &'static str,
    /// Whose findings it is given.
    pub depends_on: &'static [&'static str],
}

/// Agents that work together; the last one writes the report.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Crew {
    /// The name.
    pub name: &'static str,
    /// Its agents, each behind those that it depends on.
    pub agents: &'static [Agent],
}

/// What the last agent of each crew is told besides.
pub(super) const FORM: &str =
    "Answer with one JSON object and nothing else: \"title\", \"summary\", and \"points\", a list of sentences.";

/// All crews.
pub const CREWS: &[Crew] = &[
    Crew {
        name: "report",
        agents: &[
            Agent { name: "researcher", task: "Collect what is known of the topic.", depends_on: &[] },
            Agent { name: "critic", task: "Say what is commonly got wrong about the topic.", depends_on: &[] },
            Agent { name: "writer", task: "Write a short report.", depends_on: &["researcher", "critic"] },
        ],
    },
    Crew {
        name: "brief",
        agents: &[
            Agent { name: "reader", task: "Sum the topic up in one sentence.", depends_on: &[] },
            Agent { name: "editor", task: "Make a brief of it.", depends_on: &["reader"] },
        ],
    },
];

impl Crew {
    /// The crew of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        CREWS.iter().find(|crew| crew.name == name)
    }

    /// Who writes the report.
    pub fn last(&self) -> &'static Agent {
        self.agents.last().expect("a crew has agents")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_stands_behind_those_whom_they_wait_for() {
        for crew in CREWS {
            for (at, agent) in crew.agents.iter().enumerate() {
                let before = |name: &&str| crew.agents[..at].iter().any(|other| other.name == *name);
                assert!(agent.depends_on.iter().all(before), "{} of {}", agent.name, crew.name);
            }
            assert!(Crew::named(crew.name).is_some() && !crew.last().depends_on.is_empty());
        }
    }
}
