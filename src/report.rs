//! What the user reads on stderr when xroot itself fails.
#![forbid(unsafe_code)]

use std::fmt;

/// Something that went wrong, as the user reads it.
pub struct Report {
    /// What happened and why.
    pub message: String,
    /// The one command that fixes it.
    pub fix: Option<String>,
    /// The status that xroot ends with.
    pub code: u8,
}

impl From<sandbox::Error> for Report {
    fn from(error: sandbox::Error) -> Self {
        Self { message: error.to_string(), fix: error.hint(), code: error.exit_code() }
    }
}

impl Report {
    /// Words that make no sense; 125 as for every failure of xroot's own.
    pub fn usage(message: impl Into<String>, fix: Option<String>) -> Self {
        Self { message: message.into(), fix, code: 125 }
    }
}

/// The lines, each marked as xroot's.
impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "xroot: {}", self.message)?;
        if let Some(fix) = &self.fix {
            writeln!(out, "xroot: fix: {fix}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fix_has_a_line_of_its_own() {
        let error = sandbox::Error::RootfsEmpty { path: "r".into() };
        let text = Report::from(error).to_string();
        assert!(text.starts_with("xroot: rootfs r is empty\nxroot: fix: mkdir -p r "), "{text}");
    }
}
