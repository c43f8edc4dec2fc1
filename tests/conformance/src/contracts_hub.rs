//! The hub whose contract has changed since its oldest clients were written.

use hubwire::hub;

/// Greets people, in more ways than its first version did.
pub(crate) struct ContractsHub;

#[hub]
impl ContractsHub {
    pub fn greet(
        &self,
        name: String,
        #[hub(default)] title: Option<String>,
        #[hub(default)] count: u8,
    ) -> String {
        let title = title.map_or_else(String::new, |title| format!("{title} "));
        format!("hello {title}{name}, {count}")
    }

    #[hub(deprecated)]
    pub fn salute(&self, name: String) -> String {
        self.greet(name, None, 0)
    }
}
