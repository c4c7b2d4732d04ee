//! Detects payment card numbers in text, so that the services reject them instead of storing them.

use std::ops::RangeInclusive;

use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;

/// The most characters that can separate two groups of a number, such as ` - `.
const MAX_SEPARATOR: usize = 3;

/// The card numbers of one issuer: first digits (IIN, ISO/IEC 7812-1) and lengths in digits.
struct Issuer {
    prefixes: RangeInclusive<u32>,
    lengths: &'static [usize],
}

const fn issuer(first: u32, last: u32, lengths: &'static [usize]) -> Issuer {
    Issuer { prefixes: first..=last, lengths }
}

/// The networks whose cards are accepted worldwide. Visa's former numbers of 13 digits are left
/// out, because timestamps and article numbers have 13 digits too.
const ISSUERS: [Issuer; 22] = [
    // Visa
    issuer(4, 4, &[16, 19]),
    // Mastercard
    issuer(51, 55, &[16]),
    issuer(2221, 2720, &[16]),
    // American Express
    issuer(34, 34, &[15]),
    issuer(37, 37, &[15]),
    // Discover
    issuer(6011, 6011, &[16, 19]),
    issuer(644, 649, &[16, 19]),
    issuer(65, 65, &[16, 19]),
    // Diners Club
    issuer(300, 305, &[14]),
    issuer(36, 36, &[14]),
    issuer(38, 39, &[14]),
    // JCB
    issuer(3528, 3589, &[16, 19]),
    // UnionPay
    issuer(62, 62, &[16, 17, 18, 19]),
    issuer(81, 81, &[16, 17, 18, 19]),
    // Maestro
    issuer(5018, 5018, &[16, 18, 19]),
    issuer(5020, 5020, &[16, 18, 19]),
    issuer(5038, 5038, &[16, 18, 19]),
    issuer(5893, 5893, &[16, 18, 19]),
    issuer(6304, 6304, &[16, 18, 19]),
    issuer(6759, 6759, &[16, 18, 19]),
    issuer(6761, 6763, &[16, 18, 19]),
    // Mir
    issuer(2200, 2204, &[16]),
];

const FOUR_GROUPS: &[usize] = &[4, 4, 4, 4];

/// The groups in which card numbers are embossed or usually typed.
const LAYOUTS: [&[usize]; 6] = [FOUR_GROUPS, &[4, 6, 5], &[4, 6, 4], &[8, 8], &[4, 4, 4, 4, 3], &[6, 13]];

/// Whether a text contains a payment card number.
///
/// A card number has the first digits and the length of an issuer's numbers, and the right check
/// digit (ISO/IEC 7812-1 annex B). Its decimal digits can be of any script. They are in one group,
/// or in groups up to three characters apart that are neither letters nor digits. Letters beside
/// the number make no difference.
///
/// A number in one group or in the usual groups is found anywhere in a run of groups. Other groups
/// are found only if they are the whole run and have the same separator throughout. A run that
/// begins with the `+` of a phone number is not searched for them.
///
/// Four groups of four digits are not a card number if another group of four digits is beside them.
/// A year or an expiry date after them, and a postcode before them, do not count as such a group.
#[must_use]
pub fn contains_card_number(text: &str) -> bool {
    (1..=MAX_SEPARATOR).any(|longest| runs(text, longest).iter().any(Run::contains_card_number))
}

/// Groups of digits that at most a few characters separate.
#[derive(Debug, Default)]
struct Run {
    groups: Vec<String>,
    /// The text between the groups.
    separators: Vec<String>,
    /// Whether a plus sign at the beginning of a word precedes them.
    is_phone: bool,
}

/// The runs of a text; at most `longest` characters separate the groups of a run.
fn runs(text: &str, longest: usize) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    // The text after the last digit, within a run.
    let mut gap: Option<String> = None;
    let (mut before, mut last) = (None, None);
    for c in text.chars() {
        match decimal_digit(c) {
            Some(digit) => {
                if gap.is_none() {
                    let is_phone = last == Some('+') && !before.is_some_and(char::is_alphanumeric);
                    runs.push(Run { is_phone, ..Run::default() });
                }
                if let Some(run) = runs.last_mut() {
                    let separator = gap.take().unwrap_or_default();
                    match run.groups.last_mut() {
                        Some(group) if separator.is_empty() => group.push(digit),
                        Some(_) => {
                            run.separators.push(separator);
                            run.groups.push(String::from(digit));
                        }
                        None => run.groups.push(String::from(digit)),
                    }
                }
                gap = Some(String::new());
            }
            None if c.is_alphabetic() => gap = None,
            None => {
                gap = gap.filter(|gap| gap.chars().count() < longest).map(|mut gap| {
                    gap.push(c);
                    gap
                });
            }
        }
        (before, last) = (last, Some(c));
    }
    runs
}

/// The ASCII digit for a decimal digit of any script (Unicode general category Nd).
fn decimal_digit(c: char) -> Option<char> {
    if c.is_ascii() {
        return Some(c).filter(char::is_ascii_digit);
    }
    let is_decimal = |c: char| {
        c.is_numeric() && CodePointMapData::<GeneralCategory>::new().get(c) == GeneralCategory::DecimalNumber
    };
    if !is_decimal(c) {
        return None;
    }
    // Decimal digits are encoded in whole rows from zero to nine (Unicode character encoding
    // stability policies).
    let before =
        (0..u32::from(c)).rev().take_while(|&code| char::from_u32(code).is_some_and(is_decimal)).count();
    u32::try_from(before % 10).ok().and_then(|digit| char::from_digit(digit, 10))
}

impl Run {
    fn contains_card_number(&self) -> bool {
        let is_one_number = !self.is_phone && self.separators.windows(2).all(|pair| pair[0] == pair[1]);
        is_one_number && is_card_number(&self.groups.concat())
            || self.groups.iter().any(|group| is_card_number(group))
            || LAYOUTS.iter().any(|layout| self.contains_card_number_in(layout))
    }

    fn contains_card_number_in(&self, layout: &[usize]) -> bool {
        self.groups.windows(layout.len()).enumerate().any(|(start, number)| {
            number.iter().map(String::len).eq(layout.iter().copied())
                && is_card_number(&number.concat())
                && !(layout.starts_with(FOUR_GROUPS) && self.goes_on(start, start + layout.len()))
        })
    }

    /// Whether the groups are part of a longer number in groups of four.
    fn goes_on(&self, start: usize, end: usize) -> bool {
        let is_four = |group: &&String| group.len() == 4;
        let before = start.checked_sub(1).and_then(|at| self.groups.get(at)).filter(is_four);
        let after = self.groups.get(end).filter(is_four);
        let is_postcode = start == 1 && end == self.groups.len();
        before.is_some() && !is_postcode || after.is_some_and(|group| !is_year_or_expiry(group))
    }
}

/// Whether four digits are a year or an expiry date, such as `2027`, `1227` or `2712`.
fn is_year_or_expiry(four_digits: &str) -> bool {
    let (first, last) = four_digits.split_at(2);
    let is_month = |digits: &str| ("01"..="12").contains(&digits);
    first == "20" || is_month(first) || is_month(last)
}

/// Whether ASCII digits are exactly one card number.
fn is_card_number(digits: &str) -> bool {
    let is_issued = |Issuer { prefixes, lengths }: &Issuer| {
        let prefix = digits.get(..prefixes.start().to_string().len());
        lengths.contains(&digits.len())
            && prefix.and_then(|prefix| prefix.parse().ok()).is_some_and(|prefix| prefixes.contains(&prefix))
    };
    ISSUERS.iter().any(is_issued) && luhn(digits)
}

/// The check of ISO/IEC 7812-1 annex B: every second digit from the right is doubled.
fn luhn(digits: &str) -> bool {
    let digits = digits.chars().rev().filter_map(|digit| digit.to_digit(10));
    let sum: u32 = digits
        .enumerate()
        .map(|(place, digit)| if place % 2 == 0 { digit } else { digit * 2 / 10 + digit * 2 % 10 })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: usize = 10_000;

    /// Generates the same numbers in every run (`SplitMix64`).
    struct SeededRng(u64);

    impl SeededRng {
        fn next(&mut self) -> u64 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut bits = self.0;
            bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            bits ^ (bits >> 31)
        }

        fn below(&mut self, limit: u64) -> u64 {
            self.next() % limit
        }

        fn pick<T: Copy>(&mut self, values: &[T]) -> T {
            values[usize::try_from(self.below(values.len() as u64)).unwrap()]
        }

        fn digits(&mut self, count: usize) -> String {
            (0..count).map(|_| char::from(b'0' + u8::try_from(self.below(10)).unwrap())).collect()
        }

        fn hex(&mut self, count: usize) -> String {
            (0..count)
                .map(|_| {
                    self.pick(&[
                        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
                    ])
                })
                .collect()
        }
    }

    /// The digits with their check digit appended.
    fn with_check_digit(digits: &str) -> String {
        (0..10).map(|check| format!("{digits}{check}")).find(|number| luhn(number)).unwrap()
    }

    /// The first digits of an issuer's numbers and their length, as the issuers publish them.
    const CARDS: [(&str, usize); 29] = [
        ("4", 16),
        ("4", 16),
        ("4", 19),
        ("51", 16),
        ("53", 16),
        ("55", 16),
        ("2221", 16),
        ("2500", 16),
        ("2720", 16),
        ("34", 15),
        ("37", 15),
        ("6011", 16),
        ("644", 16),
        ("649", 16),
        ("65", 16),
        ("65", 19),
        ("300", 14),
        ("305", 14),
        ("36", 14),
        ("38", 14),
        ("39", 14),
        ("3528", 16),
        ("3589", 16),
        ("62", 16),
        ("62", 19),
        ("81", 17),
        ("6759", 16),
        ("5018", 18),
        ("2200", 16),
    ];

    fn card_number(rng: &mut SeededRng) -> String {
        let (prefix, length) = rng.pick(&CARDS);
        let rest = rng.digits(length - prefix.len() - 1);
        with_check_digit(&format!("{prefix}{rest}"))
    }

    /// The digits in groups: as embossed, in halves, in other sizes, one by one, or as one group.
    fn grouped(rng: &mut SeededRng, number: &str) -> String {
        let sizes: &[usize] = match (rng.below(6), number.len()) {
            (0, _) => return number.to_owned(),
            (1, 14) => &[4, 6, 4],
            (1, 15) => &[4, 6, 5],
            (1 | 2, _) => &[4],
            (3, _) => &[8],
            (4, _) => &[1],
            (5, 19) => &[6, 13],
            _ => &[5, 3, 2, 7],
        };
        let separator =
            rng.pick(&[" ", "-", ".", "/", "_", "\u{a0}", "\u{2011}", "\u{2009}", "\n", "  ", " - "]);
        let (mut rest, mut sizes, mut groups) = (number, sizes.iter().cycle(), Vec::new());
        while !rest.is_empty() {
            let (group, tail) = rest.split_at((*sizes.next().unwrap()).min(rest.len()));
            groups.push(group);
            rest = tail;
        }
        groups.join(separator)
    }

    /// The zeros of some scripts, and of full-width and mathematical digits.
    const ZEROS: [u32; 14] = [
        0x0660, 0x06f0, 0x07c0, 0x0966, 0x09e6, 0x0a66, 0x0be6, 0x0e50, 0x0ed0, 0x0f20, 0x1040, 0xff10,
        0x1_d7ce, 0x1_d7f6,
    ];

    fn in_some_script(rng: &mut SeededRng, text: &str) -> String {
        let zero = rng.pick(&ZEROS);
        let digit = |c: char| c.to_digit(10).map_or(c, |digit| char::from_u32(zero + digit).unwrap());
        match rng.below(3) {
            0 => text.chars().map(digit).collect(),
            1 => text.chars().enumerate().map(|(i, c)| if i % 2 == 0 { digit(c) } else { c }).collect(),
            _ => text.to_owned(),
        }
    }

    /// The number as embossed or as one group, beside other digits that are usually written there.
    fn beside_digits(rng: &mut SeededRng, number: &str) -> String {
        let sizes: &[usize] = match number.len() {
            14 => &[4, 6, 4],
            15 => &[4, 6, 5],
            16 => rng.pick(&[&[4, 4, 4, 4][..], &[8, 8], &[16]]),
            length => &[length],
        };
        let mut rest = number;
        let groups: Vec<_> = sizes
            .iter()
            .map(|size| {
                let (group, tail) = rest.split_at(*size);
                rest = tail;
                group
            })
            .collect();
        let number = groups.join(rng.pick(&[" ", "-", "."]));
        let (month, year) = (1 + rng.below(12), 26 + rng.below(12));
        match rng.below(6) {
            0 => format!("{number} {month:02}{year}"),
            1 => format!("{number} {month:02}/{year} {}", rng.digits(3)),
            2 => format!("{number} {month:02}/20{year} {}", rng.digits(4)),
            3 => format!("{number} 20{year}"),
            4 => format!("{} {number}", rng.digits(4)),
            _ => format!("{} Wien, {number}", rng.digits(4)),
        }
    }

    fn amid_other_text(rng: &mut SeededRng, number: &str) -> String {
        match rng.below(10) {
            0 => number.to_owned(),
            1 => format!("Visa{number}"),
            2 => format!("n{number}x"),
            3 => format!("{number}@example.com"),
            4 => format!("grace+{number}@example.com"),
            5 => format!("{} Harbour Street {number} London", rng.below(200)),
            6 => format!("карта{number}، カード"),
            7 => format!("card: {number}, valid until"),
            8 => format!("#{number}."),
            _ => format!("日本{number}円"),
        }
    }

    #[test]
    fn card_numbers_are_found_however_they_are_written() {
        let mut rng = SeededRng(20_260_131);
        let missed: Vec<_> = (0..SIZE)
            .map(|_| {
                let number = card_number(&mut rng);
                let number = grouped(&mut rng, &number);
                let number = in_some_script(&mut rng, &number);
                amid_other_text(&mut rng, &number)
            })
            .filter(|text| !contains_card_number(text))
            .collect();
        assert!(missed.is_empty(), "{} of {SIZE}: {:?}", missed.len(), &missed[..missed.len().min(20)]);
    }

    #[test]
    fn card_numbers_are_found_beside_dates_codes_and_postcodes() {
        let mut rng = SeededRng(20_260_131);
        let missed: Vec<_> = (0..SIZE)
            .map(|_| {
                let number = card_number(&mut rng);
                beside_digits(&mut rng, &number)
            })
            .filter(|text| !contains_card_number(text))
            .collect();
        assert!(missed.is_empty(), "{} of {SIZE}: {:?}", missed.len(), &missed[..missed.len().min(20)]);
    }

    /// A text with long numbers that are not card numbers.
    fn harmless(rng: &mut SeededRng) -> String {
        let millis = 1_600_000_000_000 + rng.below(400_000_000_000);
        let (year, month, day) = (1950 + rng.below(100), 1 + rng.below(12), 1 + rng.below(28));
        let (hour, minute, second) = (rng.below(24), rng.below(60), rng.below(60));
        let uuid = uuid::Uuid::from_u128((u128::from(rng.next()) << 64) | u128::from(rng.next()));
        let country = rng
            .pick(&["1", "44", "49", "33", "34", "39", "81", "86", "91", "351", "358", "370", "372", "380"]);
        match rng.below(34) {
            32 => format!(
                "+{country} {} {} {} {}, {} {} Stockholm",
                rng.digits(2),
                rng.digits(3),
                rng.digits(2),
                rng.digits(2),
                rng.digits(3),
                rng.digits(2)
            ),
            33 => format!("{}-555-{}, {} New York", 200 + rng.below(800), rng.digits(4), rng.digits(5)),
            0 => format!("shopper+{millis}@example.com"),
            1 => format!("1 Harbour Street, +49151{}", rng.digits(9)),
            2 => format!("+{country} {} {}", rng.digits(3), rng.digits(7)),
            3 => format!("00{country}-{}-{}-{}", rng.digits(3), rng.digits(3), rng.digits(4)),
            4 => format!("+{country}{} / +{country}{}", rng.digits(9), rng.digits(9)),
            5 => format!("0{} {} {}, {} Berlin", rng.digits(3), rng.digits(4), rng.digits(4), rng.digits(5)),
            6 => millis.to_string(),
            7 => format!("{}", millis / 1000),
            8 => format!("{millis}{}", rng.digits(3)),
            9 => format!("{millis}{}", rng.digits(6)),
            10 => {
                format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{:03}", rng.below(1000))
            }
            11 => format!("{year}{month:02}{day:02}{hour:02}{minute:02}{second:02}"),
            12 => format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{}Z", rng.digits(6)),
            13 | 14 => uuid.to_string(),
            15 => uuid.simple().to_string(),
            16 => format!("customer-{uuid}@example.com"),
            17 => format!("ORD-{}", rng.digits(10)),
            18 => format!("order {}{month:02}{day:02}-{}", 2000 + rng.below(100), rng.digits(8)),
            19 => format!("1Z{}{}", rng.hex(6).to_uppercase(), rng.digits(10)),
            20 => format!("94{}", rng.digits(20)),
            21 => format!(
                "94{} {} {} {} {} {}",
                rng.digits(2),
                rng.digits(4),
                rng.digits(4),
                rng.digits(4),
                rng.digits(4),
                rng.digits(2)
            ),
            22 => format!("00340434{}", rng.digits(12)),
            23 => format!("RR{}DE", rng.digits(9)),
            24 => rng.digits(12),
            25 => format!("ISBN 978-{}-{}-{}-{}", rng.digits(1), rng.digits(4), rng.digits(4), rng.digits(1)),
            26 => format!("EAN {}", rng.digits(13)),
            27 => with_check_digit(&rng.digits(12)),
            28 => format!("IMEI {}", with_check_digit(&format!("35{}", rng.digits(12)))),
            29 => format!(
                "{} Main St Apt {}, Springfield IL {}-{}",
                rng.below(20_000),
                rng.below(500),
                rng.digits(5),
                rng.digits(4)
            ),
            30 => format!(
                "{}{} {}, {} {}",
                rng.digits(4),
                rng.hex(2).to_uppercase(),
                "Amsterdam",
                rng.digits(8),
                rng.digits(6)
            ),
            _ => format!(
                "Hauptstr. {}, {} Berlin, Packstation {}, Postnummer {}",
                rng.below(300),
                rng.digits(5),
                rng.digits(3),
                rng.digits(9)
            ),
        }
    }

    #[test]
    fn harmless_numbers_are_hardly_ever_taken_for_cards() {
        let mut rng = SeededRng(20_260_131);
        let refused: Vec<_> =
            (0..SIZE).map(|_| harmless(&mut rng)).filter(|text| contains_card_number(text)).collect();
        assert!(refused.len() <= 10, "{} of {SIZE}: {:?}", refused.len(), &refused[..refused.len().min(20)]);
    }

    #[test]
    fn a_card_number_is_found_beside_other_digits() {
        for text in [
            "4242424242424242 12/27 123",
            "4242 4242 4242 4242 12/27",
            "12 4242424242424242",
            "Harbour Street 12 4242-4242-4242-4242, 10115 Berlin",
            "3782 822463 10005 12/27",
            "42424242 42424242",
            "42424242 42424242 1227",
            "4242 4242 4242 4242 1227",
            "4242 4242 4242 4242 1227 123",
            "4242-4242-4242-4242 2027",
            "3782 822463 10005 1234",
            "Wien 1010 4242 4242 4242 4242",
            "+4242424242424242",
            "Visa4242424242424242",
            "n4242-4242-4242-4242",
            "٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢",
            "４２４２　４２４２　４２４２　４２４２",
        ] {
            assert!(contains_card_number(text), "{text}");
        }
    }

    #[test]
    fn a_number_needs_prefix_length_and_check_digit_of_one_issuer() {
        for text in [
            "4242424242424241",
            // Visa has no numbers of 13 or 17 digits.
            "4222222222222",
            "42424242424242427",
            // The check digit is right, but the first digits are of no issuer.
            "1234567812345670",
            "9999999999999995",
            // American Express numbers have only 15 digits, Mastercard numbers 16.
            "3742424242424242",
            "555555555555557",
            // Four groups of a longer number.
            "9400 4242 4242 4242 4242 4242",
            "",
            "4",
        ] {
            assert!(!contains_card_number(text), "{text}");
        }
    }

    #[test]
    fn card_numbers_are_seen_through_their_grouping() {
        for card in
            ["4242424242424242", "4242 4242 4242 4242", "card: 5555-5555-5555-4444.", "378282246310005"]
        {
            assert!(contains_card_number(card), "{card}");
        }
    }

    #[test]
    fn other_numbers_are_no_cards() {
        for other in [
            "",
            "5554443322",
            "4242424242424241",
            "tok_visa",
            "+44 20 7946 0958",
            "2026-01-31",
            "shopper+1795893700009@example.com",
            "1 Harbour Street, +4915123456001",
            // With the postcode, these have the length and the check digit of a card number.
            "+46 70 123 45 68\n114 55 Stockholm",
            "+46 70 123 45 68, 114 55 Stockholm",
            "+46 70 123 45 68 114 55",
            "+49 30 1234568, 10115 Berlin",
            "+36 1 234 5678, 1051 Budapest",
        ] {
            assert!(!contains_card_number(other), "{other}");
        }
    }
}
