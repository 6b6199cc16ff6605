//! A policy from a TOML file; a rule that cannot be meant is an error that names it and its line.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{PolicyError, Problem};
use super::{KeyPolicy, KeyPolicyBuilder};
use crate::form::{Form, PseudonymKey};
use crate::tally::Rule;
use crate::{RoutePolicy, Routes};

const SETTINGS: &str = "deny, keep, headers, deny_paths, keep_paths, allow_paths, pii, patterns, literals, form, forms, \
                        pseudonym and route";

impl KeyPolicy {
    /// Reads a policy from TOML.
    ///
    /// ```
    /// use cupola_redact::KeyPolicy;
    ///
    /// let policy = KeyPolicy::from_toml(
    ///     r#"
    ///     deny = ["customer_ref"]        # beside the default names
    ///     keep = ["session"]
    ///     headers = ["x-tenant"]
    ///     deny_paths = ["$.user.note", "$..iban"]
    ///     pii = ["email", "phone"]       # or true, for all of it, names too
    ///     form = "typed"                 # or fixed, scheme, last-four, pseudonym, remove
    ///
    ///     [forms]                        # for what one rule masks
    ///     card = "last-four"
    ///     "#,
    /// )?;
    /// assert!(policy.denies("customerRef"));
    ///
    /// let error = KeyPolicy::from_toml("pii = true\nkeep = [\"password\"]").unwrap_err();
    /// assert_eq!(error.line(), Some(2));
    /// assert!(error.to_string().contains("\"password\""), "{error}");
    /// # Ok::<(), cupola_redact::PolicyError>(())
    /// ```
    pub fn from_toml(text: &str) -> Result<Self, PolicyError> {
        Self::from_toml_with(text, &|_| None)
    }

    /// The same, with the keys of pseudonyms looked up by the names of their variables: `key_var = "REDACT_KEY"` under
    /// `[pseudonym]`.
    pub fn from_toml_with(text: &str, vars: &dyn Fn(&str) -> Option<String>) -> Result<Self, PolicyError> {
        let table = parse(text)?;
        let mut file = File { text, vars, lines: Vec::new(), pseudonym: None };
        let builder = file.read(table.get_ref(), KeyPolicyBuilder::default())?;
        file.build(builder)
    }
}

impl Routes {
    /// Reads policies by route from TOML: what stands in a `[[route]]` extends what stands above all of them.
    ///
    /// ```
    /// use cupola_redact::Routes;
    ///
    /// let routes = Routes::from_toml(
    ///     r#"
    ///     deny = ["customer_ref"]
    ///
    ///     [[route]]
    ///     path = "/patients/*"
    ///     body = "drop"                # or keep
    ///     deny = ["diagnosis"]
    ///     "#,
    ///     &|_| None,
    /// )?;
    /// assert!(routes.of("/patients/7").drops_bodies);
    /// assert!(routes.of("/patients/7").policy.denies("diagnosis"));
    /// assert!(routes.of("/patients/7").policy.denies("customer_ref"));
    /// assert!(!routes.of("/vms").policy.denies("diagnosis"));
    /// # Ok::<(), cupola_redact::PolicyError>(())
    /// ```
    pub fn from_toml(text: &str, vars: &dyn Fn(&str) -> Option<String>) -> Result<Self, PolicyError> {
        let table = parse(text)?;
        let mut file = File { text, vars, lines: Vec::new(), pseudonym: None };
        let builder = file.read(table.get_ref(), KeyPolicyBuilder::default())?;
        let mut routes = Self::new(file.build(builder.clone())?);
        let tables = table.get_ref().iter().find(|(key, _)| key.get_ref() == "route").map(|(_, item)| item);
        for item in tables.and_then(|item| item.get_ref().as_array()).into_iter().flatten() {
            let DeValue::Table(table) = item.get_ref() else { return Err(file.wrong("route", item, "a table")) };
            let text = |name: &str| table.iter().find(|(key, _)| key.get_ref() == name).map(|(_, item)| item);
            let path = text("path").and_then(|item| item.get_ref().as_str());
            let path = path.ok_or_else(|| file.wrong("route", item, "a table with a path"))?.to_owned();
            let drops_bodies = match text("body").map(|item| (item, item.get_ref().as_str())) {
                None | Some((_, Some("keep"))) => false,
                Some((_, Some("drop"))) => true,
                Some((item, _)) => return Err(file.wrong("body", item, "drop or keep")),
            };
            let own = file.read(table, builder.clone())?;
            routes = routes.route(path, RoutePolicy { policy: file.build(own)?, drops_bodies });
        }
        Ok(routes)
    }
}

fn parse(text: &str) -> Result<Spanned<DeTable<'_>>, PolicyError> {
    DeTable::parse(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_of(text, span.start));
        PolicyError::new("TOML", Problem::File(error.message().to_owned())).at_line(line)
    })
}

type Table<'a> = DeTable<'a>;
type Item<'a> = Spanned<DeValue<'a>>;

/// One file while it is read.
struct File<'a> {
    text: &'a str,
    vars: &'a dyn Fn(&str) -> Option<String>,
    /// Where each name and path stands.
    lines: Vec<(String, usize)>,
    pseudonym: Option<PseudonymKey>,
}

impl File<'_> {
    /// Adds what one table says.
    fn read(&mut self, table: &Table<'_>, builder: KeyPolicyBuilder) -> Result<KeyPolicyBuilder, PolicyError> {
        // Forms may name it, wherever it stands.
        if let Some((_, item)) = table.iter().find(|(key, _)| key.get_ref() == "pseudonym") {
            self.pseudonym = Some(self.key(item)?);
        }
        let mut builder = builder;
        for (key, item) in table {
            builder = match &**key.get_ref() {
                "deny" => self.list(key.get_ref(), item)?.into_iter().fold(builder, KeyPolicyBuilder::deny),
                "keep" => self.list(key.get_ref(), item)?.into_iter().fold(builder, KeyPolicyBuilder::keep),
                "headers" => self.list(key.get_ref(), item)?.into_iter().fold(builder, KeyPolicyBuilder::allow_header),
                "deny_paths" => self.list(key.get_ref(), item)?.into_iter().fold(builder, KeyPolicyBuilder::deny_path),
                "keep_paths" => self.list(key.get_ref(), item)?.into_iter().fold(builder, KeyPolicyBuilder::keep_path),
                "allow_paths" => {
                    self.list(key.get_ref(), item)?.into_iter().fold(builder, KeyPolicyBuilder::allow_path)
                }
                "pii" => self.pii(builder, item)?,
                "patterns" => builder.patterns(self.yes_or_no("patterns", item)?),
                "literals" if self.yes_or_no("literals", item)? => builder.mask_literals(),
                "literals" => builder,
                "form" => builder.form(self.form("form", item)?),
                "forms" => self.forms(builder, item)?,
                "pseudonym" | "route" | "path" | "body" => builder,
                other => {
                    let line = line_of(self.text, key.span().start);
                    return Err(file_error(other, &format!("no such setting; there are {SETTINGS}")).at_line(line));
                }
            };
        }
        Ok(builder)
    }

    fn build(&self, builder: KeyPolicyBuilder) -> Result<KeyPolicy, PolicyError> {
        builder.build().map_err(|error| match self.lines.iter().find(|(name, _)| *name == error.name()) {
            Some((_, line)) => error.at_line(*line),
            None => error,
        })
    }

    fn line(&self, item: &Item<'_>) -> usize {
        line_of(self.text, item.span().start)
    }

    fn wrong(&self, name: &str, item: &Item<'_>, accepted: &str) -> PolicyError {
        file_error(name, &format!("is not {accepted}")).at_line(self.line(item))
    }

    fn list(&mut self, name: &str, item: &Item<'_>) -> Result<Vec<String>, PolicyError> {
        let wrong = |item: &Item<'_>| self.wrong(name, item, "a list of texts");
        let DeValue::Array(items) = item.get_ref() else { return Err(wrong(item)) };
        let mut found = Vec::new();
        for item in items {
            let DeValue::String(text) = item.get_ref() else { return Err(wrong(item)) };
            found.push((text.clone().into_owned(), self.line(item)));
        }
        self.lines.extend(found.iter().map(|(text, line)| (text.trim().to_owned(), *line)));
        Ok(found.into_iter().map(|(text, _)| text.trim().to_owned()).collect())
    }

    fn yes_or_no(&self, name: &str, item: &Item<'_>) -> Result<bool, PolicyError> {
        match item.get_ref() {
            DeValue::Boolean(on) => Ok(*on),
            _ => Err(self.wrong(name, item, "true or false")),
        }
    }

    fn pii(&self, builder: KeyPolicyBuilder, item: &Item<'_>) -> Result<KeyPolicyBuilder, PolicyError> {
        const KINDS: [Rule; 5] = [Rule::Email, Rule::Phone, Rule::Iban, Rule::IpAddress, Rule::Ssn];
        let accepted = "true, false, or a list of email, phone, iban, ip-address and ssn";
        match item.get_ref() {
            DeValue::Boolean(true) => Ok(builder.pii()),
            DeValue::Boolean(false) => Ok(builder),
            DeValue::Array(items) => items.iter().try_fold(builder, |builder, item| {
                let kind = KINDS.into_iter().find(|kind| item.get_ref().as_str() == Some(kind.as_str()));
                kind.map(|kind| builder.pii_values(kind)).ok_or_else(|| self.wrong("pii", item, accepted))
            }),
            _ => Err(self.wrong("pii", item, accepted)),
        }
    }

    fn form(&self, name: &str, item: &Item<'_>) -> Result<Form, PolicyError> {
        match item.get_ref().as_str() {
            Some("fixed") => Ok(Form::Fixed),
            Some("typed") => Ok(Form::Typed),
            Some("scheme") => Ok(Form::Scheme),
            Some("last-four") => Ok(Form::LastFour),
            Some("remove") => Ok(Form::Remove),
            Some("pseudonym") => match &self.pseudonym {
                Some(key) => Ok(Form::Pseudonym(key.clone())),
                None => Err(file_error(name, "pseudonyms need a table [pseudonym] with id and key or key_var")
                    .at_line(self.line(item))),
            },
            _ => Err(self.wrong(name, item, "fixed, typed, scheme, last-four, pseudonym or remove")),
        }
    }

    fn forms(&self, builder: KeyPolicyBuilder, item: &Item<'_>) -> Result<KeyPolicyBuilder, PolicyError> {
        let DeValue::Table(table) = item.get_ref() else {
            return Err(self.wrong("forms", item, "a table of rules and forms"));
        };
        table.iter().try_fold(builder, |builder, (key, item)| {
            let name = key.get_ref();
            let rule = Rule::ALL.into_iter().find(|rule| rule.masks() && rule.as_str() == name);
            let unknown = || file_error(name, "no such rule").at_line(line_of(self.text, key.span().start));
            Ok(builder.form_of(rule.ok_or_else(unknown)?, self.form(name, item)?))
        })
    }

    /// The `[pseudonym]` table. The key itself is in no message.
    fn key(&self, item: &Item<'_>) -> Result<PseudonymKey, PolicyError> {
        let wrong = |why| file_error("pseudonym", why).at_line(self.line(item));
        let DeValue::Table(table) = item.get_ref() else { return Err(wrong("is not a table")) };
        let text =
            |name: &str| table.iter().find(|(key, _)| key.get_ref() == name).and_then(|(_, it)| it.get_ref().as_str());
        if let Some((key, _)) = table.iter().find(|(key, _)| !matches!(&**key.get_ref(), "id" | "key" | "key_var")) {
            let line = line_of(self.text, key.span().start);
            return Err(file_error(key.get_ref(), "no such setting; there are id, key and key_var").at_line(line));
        }
        let id = text("id").ok_or_else(|| wrong("has no id"))?;
        let key = match (text("key"), text("key_var")) {
            (Some(key), None) => key.to_owned(),
            (None, Some(name)) => (self.vars)(name).ok_or_else(|| wrong("the variable of its key_var is not set"))?,
            _ => return Err(wrong("has to have a key or a key_var")),
        };
        PseudonymKey::new(id, key.as_bytes()).map_err(|error| error.at_line(self.line(item)))
    }
}

fn file_error(name: &str, why: &str) -> PolicyError {
    PolicyError::new(name, Problem::File(why.to_owned()))
}

fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes()[..at.min(text.len())].iter().filter(|&&byte| byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_line_and_the_rule() {
        for (text, line, part) in [
            ("deny = [\"a\"", 1, "TOML"),
            ("\ndeny = \"a\"", 2, "deny: is not a list"),
            ("deny = [\"a\",\n 7]", 2, "deny: is not a list"),
            ("\n\nkeep = [\"ok_name\",\n\"Password\"]", 4, "\"Password\" always holds"),
            ("deny = [\"ref\"]\nkeep = [\"ref\"]", 1, "\"ref\" is both"),
            ("headers = [\"x y\"]", 1, "\"x y\" is not a header"),
            ("deny_paths = [\"user.x\"]", 1, "\"user.x\" is no path"),
            ("pii = \"yes\"", 1, "pii: is not true"),
            ("pii = [\"email\", \"shoe\"]", 1, "pii: is not true"),
            ("form = \"odd\"", 1, "form: is not fixed"),
            ("form = \"pseudonym\"", 1, "[pseudonym]"),
            ("[forms]\ncard = \"typed\"\nshoe = \"typed\"", 3, "shoe: no such rule"),
            ("[pseudonym]\nid = \"k1\"\nkey = \"\"", 1, "less than 16 bytes"),
            ("[pseudonym]\nid = \"k1\"\nkey_var = \"NONE\"", 1, "not set"),
            ("[pseudonym]\nid = \"k1\"\nky = \"x\"", 3, "ky: no such setting"),
            ("denny = []", 1, "denny: no such setting"),
            ("[[route]]\nbody = \"drop\"", 1, "route: is not a table with a path"),
            ("[[route]]\npath = \"/a\"\nbody = \"odd\"", 3, "body: is not drop"),
            ("[[route]]\npath = \"/a\"\nkeep = [\"password\"]", 3, "\"password\" always"),
        ] {
            let error = Routes::from_toml(text, &|_| None).expect_err(text);
            assert_eq!(error.line(), Some(line), "{text}: {error}");
            assert!(error.to_string().contains(part) && error.to_string().contains("line"), "{text}: {error}");
        }
    }

    #[test]
    fn the_key_comes_from_a_variable() {
        let vars = |name: &str| (name == "KEY").then(|| "0123456789abcdef".to_owned());
        let text = "form = \"pseudonym\"\n[pseudonym]\nid = \"k7\"\nkey_var = \"KEY\"";
        let policy = KeyPolicy::from_toml_with(text, &vars).expect("a good file");
        assert!(policy.query("token=abc").as_str().starts_with("token=[k7:"));
    }
}
