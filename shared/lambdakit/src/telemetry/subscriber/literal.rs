//! Messages that are text literals of the program.
//!
//! A formatted message may contain customer data and a literal cannot, but `tracing` passes both as
//! `dyn Debug`. They differ in where their text is: a literal is in the executable's read-only
//! data, and it is written in one piece.

use std::fmt::{self, Debug, Write};
use std::fs;
use std::ops::Range;
use std::sync::LazyLock;

/// The addresses of the executable's read-only data; empty where there is no `/proc`.
static READ_ONLY: LazyLock<Range<usize>> = LazyLock::new(|| {
    let maps = fs::read_to_string("/proc/self/maps").unwrap_or_default();
    read_only("any literal".as_ptr().addr(), &maps).unwrap_or_default()
});

/// The message, if it is a literal. Where literals cannot be recognized, as on macOS, none is one.
pub(super) fn literal(message: &dyn Debug) -> Option<String> {
    let mut text = Literal(None);
    write!(text, "{message:?}").ok()?;
    text.0
}

/// Accepts one literal, and fails on anything else.
struct Literal(Option<String>);

impl Write for Literal {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.0.is_some() || !READ_ONLY.contains(&text.as_ptr().addr()) {
            return Err(fmt::Error);
        }
        self.0 = Some(text.to_owned());
        Ok(())
    }
}

/// The mapping that contains an address, unless the process can write to it.
fn read_only(address: usize, maps: &str) -> Option<Range<usize>> {
    maps.lines().find_map(|line| {
        let (range, permissions) = line.split_once(' ')?;
        let (start, end) = range.split_once('-')?;
        let range = usize::from_str_radix(start, 16).ok()?..usize::from_str_radix(end, 16).ok()?;
        (range.contains(&address) && permissions.starts_with("r-")).then_some(range)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unformatted_text_is_a_literal() {
        let (name, number) = ("grace@example.com".to_owned(), 7);
        assert_eq!(
            literal(&format_args!("the shelf \"A\" is empty")).as_deref(),
            Some("the shelf \"A\" is empty")
        );
        assert_eq!(literal(&format_args!("{name}")), None);
        assert_eq!(literal(&format_args!("{name:?}")), None);
        assert_eq!(literal(&format_args!("{number}")), None);
        assert_eq!(literal(&format_args!("mail to {name}")), None);
        assert_eq!(literal(&format_args!("{name} has mail")), None);
        assert_eq!(literal(&name), None);
        assert_eq!(literal(&format_args!("{}", String::leak(name))), None);
    }

    #[test]
    fn writable_memory_holds_no_literals() {
        let maps = "00400000-00500000 r--p 00000000 08:01 42 /var/task/bootstrap\n\
                    00600000-00700000 rw-p 00100000 08:01 42 /var/task/bootstrap\n\
                    unreadable\n";
        assert_eq!(read_only(0x0040_0010, maps), Some(0x0040_0000..0x0050_0000));
        assert_eq!(read_only(0x0060_0010, maps), None);
        assert_eq!(read_only(0x0080_0000, maps), None);
        assert_eq!(read_only(0x0040_0010, ""), None);
    }
}
