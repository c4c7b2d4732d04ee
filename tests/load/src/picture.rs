//! A chart of latency over time, as SVG for browsers.

use std::fmt::Write as _;

use hdrhistogram::Histogram;

use crate::record::Second;

const WIDTH: f64 = 900.0;
const PANEL: f64 = 220.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 60.0;
const GAP: f64 = 50.0;
/// The minimum range of the logarithmic scale, in milliseconds.
const LEAST: (f64, f64) = (1.0, 100.0);

const STYLE: &str = "text{font:12px sans-serif;fill:#333}.title{font-size:15px}.grid{stroke:#ddd}.line{fill:none;stroke-width:1.5}\
     .p50{stroke:#2a7ab8}.p99{stroke:#d9822b}.most{stroke:#999;stroke-dasharray:3 3}.failed{fill:#c0392b}";
const QUANTILES: [(&str, &str, f64); 3] = [("p50", "p50", 0.5), ("p99", "p99", 0.99), ("most", "most", 1.0)];

type Series<'a> = Vec<Option<&'a Histogram<u64>>>;

/// Two panels: the latency of requests, and the time from checkout to order. Below the first,
/// seconds with errors are red.
pub fn svg(title: &str, seconds: &[Second]) -> String {
    let height = TOP + 2.0 * PANEL + GAP + 40.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\">\
         <style>{STYLE}</style><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\
         <text class=\"title\" x=\"{LEFT}\" y=\"24\">{}</text>\n",
        escaped(title)
    );
    let requests: Series = seconds.iter().map(|second| second.requests.as_ref()).collect();
    let orders: Series = seconds.iter().map(|second| second.orders.as_ref()).collect();
    panel(&mut svg, TOP, "requests, ms", &requests);
    panel(&mut svg, TOP + PANEL + GAP, "from checkout to order, ms", &orders);
    for (second, _) in seconds.iter().enumerate().filter(|(_, second)| second.failed > 0) {
        let x = across(second, seconds.len());
        add(
            &mut svg,
            format_args!("<circle class=\"failed\" cx=\"{x:.1}\" cy=\"{:.1}\" r=\"3\"/>\n", TOP + PANEL),
        );
    }
    legend(&mut svg);
    svg.push_str("</svg>\n");
    svg
}

fn panel(svg: &mut String, top: f64, name: &str, series: &Series) {
    let most = series.iter().flatten().map(|times| milliseconds(times.max())).fold(LEAST.1, f64::max);
    let decades = most.log10().ceil();
    let up = |ms: f64| top + PANEL * (1.0 - ms.max(LEAST.0).log10() / decades);
    add(svg, format_args!("<text x=\"{LEFT}\" y=\"{:.1}\">{name}</text>\n", top - 6.0));
    let mut line = LEAST.0;
    while line <= 10f64.powf(decades) {
        let y = up(line);
        add(
            svg,
            format_args!(
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{line}</text>\n",
                WIDTH - RIGHT,
                LEFT - 8.0,
                y + 4.0
            ),
        );
        line *= 10.0;
    }
    for second in (0..=series.len()).step_by(series.len().div_ceil(10).max(1)) {
        let x = across(second, series.len());
        let y = top + PANEL + 16.0;
        add(svg, format_args!("<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">{second} s</text>\n"));
    }
    for (class, _, quantile) in QUANTILES {
        let points: Vec<String> = series
            .iter()
            .enumerate()
            .filter_map(|(second, times)| Some((second, (*times)?)))
            .map(|(second, times)| {
                let y = up(milliseconds(times.value_at_quantile(quantile)));
                format!("{:.1},{y:.1}", across(second, series.len()))
            })
            .collect();
        add(svg, format_args!("<polyline class=\"line {class}\" points=\"{}\"/>\n", points.join(" ")));
    }
}

fn legend(svg: &mut String) {
    let mut x = WIDTH - 260.0;
    for (class, name, _) in QUANTILES {
        add(
            svg,
            format_args!(
                "<line class=\"line {class}\" x1=\"{x}\" x2=\"{}\" y1=\"44\" y2=\"44\"/><text x=\"{}\" y=\"48\">{name}</text>\n",
                x + 20.0,
                x + 25.0
            ),
        );
        x += 65.0;
    }
    add(
        svg,
        format_args!(
            "<circle class=\"failed\" cx=\"{x}\" cy=\"44\" r=\"3\"/><text x=\"{}\" y=\"48\">errors</text>\n",
            x + 8.0
        ),
    );
}

fn add(svg: &mut String, text: std::fmt::Arguments) {
    // Writing to a string cannot fail.
    let _fine = svg.write_fmt(text);
}

#[expect(clippy::cast_precision_loss, reason = "a run has at most some thousand seconds")]
fn across(second: usize, of: usize) -> f64 {
    LEFT + (WIDTH - LEFT - RIGHT) * second as f64 / of.max(1) as f64
}

#[expect(clippy::cast_precision_loss, reason = "times are far below 2^52")]
fn milliseconds(micros: u64) -> f64 {
    micros as f64 / 1000.0
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::times;

    fn second(micros: u64, failed: u64) -> Second {
        let mut times = times();
        times.saturating_record(micros);
        Second { requests: Some(times), orders: None, failed }
    }

    #[test]
    fn slower_is_higher_and_seconds_with_errors_are_marked() {
        let svg = svg("a & b", &[second(10_000, 0), second(50_000, 2)]);
        assert!(svg.contains("a &amp; b"));
        let points = svg.split("class=\"line p50\" points=\"").nth(1).and_then(|rest| rest.split('"').next());
        // 1 to 100 ms span 220 points of height, so 10 ms are in the middle.
        assert_eq!(points, Some("70.0,170.0 475.0,93.1"));
        // One in the panel, and one in the legend.
        assert_eq!(svg.matches("<circle").count(), 2);
    }

    #[test]
    fn seconds_without_anything_are_left_out_of_the_lines() {
        let svg = svg("", &[second(1000, 0), Second::default(), second(1000, 0)]);
        assert!(svg.contains("points=\"70.0,280.0 610.0,280.0\""), "{svg}");
    }
}
