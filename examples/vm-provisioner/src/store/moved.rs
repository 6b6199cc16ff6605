//! Machines that have gone from one state to another.

use cupola::record::StateChange;

use crate::vm::Vm;

/// A machine as it is now, and the state that it was in before a transaction.
#[derive(Debug)]
pub(super) struct Moved {
    pub(super) from: String,
    pub(super) vm: Vm,
}

impl Moved {
    /// Says the change of state, if it is one. To be called once it is kept.
    pub(super) fn say(self) -> Vm {
        let Self { from, vm } = self;
        let mut change = StateChange::new("vm", &from, vm.state.as_str()).id(vm.id.as_str());
        if let Some(failure) = &vm.failure {
            change = change.why(failure);
        }
        if from != vm.state.as_str() {
            change.emit();
        }
        vm
    }
}
