//! Plain tables for the terminal.

/// Columns as wide as their widest cell; all but the first aligned to the right.
pub fn render<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> = row
            .iter()
            .zip(widths)
            .enumerate()
            .map(
                |(column, (cell, width))| {
                    if column == 0 { format!("{cell:width$}") } else { format!("{cell:>width$}") }
                },
            )
            .collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// Pads the cells of a column, so that they are aligned to the left.
pub fn align_left<const N: usize>(rows: &mut [[String; N]], column: usize) {
    let width = rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    for row in rows {
        row[column] = format!("{:width$}", row[column]);
    }
}

/// Three digits, or the whole number with thousands separators.
pub fn number(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if value.abs() < 100.0 {
        let decimals = [10.0, 1.0, 0.1, 0.01, 0.001].iter().position(|least| value.abs() >= *least);
        let text = match decimals {
            Some(decimals) => format!("{value:.*}", decimals + 1),
            None => return format!("{value:.1e}"),
        };
        return text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    let digits = format!("{value:.0}");
    let start = digits.len() % 3;
    let (head, rest) = digits.split_at(start);
    let groups = rest.as_bytes().chunks(3).map(|group| String::from_utf8_lossy(group).into_owned());
    let parts: Vec<String> =
        [head.to_owned()].into_iter().filter(|part| !part.is_empty()).chain(groups).collect();
    parts.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_long_as_they_need_to_be() {
        let shown = [0.0, 1.9, 0.38, 12.34, 999.6, 1e6, 123_456.0, 0.000_02, 20.0].map(number);
        assert_eq!(shown, ["0", "1.9", "0.38", "12.3", "1,000", "1,000,000", "123,456", "2.0e-5", "20"]);
    }

    #[test]
    fn a_column_can_be_aligned_to_the_left() {
        let mut rows = [["a", "long"], ["b", "x"]].map(|row| row.map(str::to_owned));
        align_left(&mut rows, 1);
        assert_eq!(render(&rows), "a  long\nb  x\n");
    }

    #[test]
    fn columns_line_up() {
        let rows = [["part", "passed"], ["unit", "12"]].map(|row| row.map(str::to_owned));
        assert_eq!(render(&rows), "part  passed\nunit      12\n");
    }
}
