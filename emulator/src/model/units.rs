//! Units of measurement in a text: what a quantity is given in, and what it is wanted in.

use super::mentions::Word;

/// Units by their names, all forms.
const UNITS: &[&str] = &[
    "km",
    "kilometer",
    "kilometers",
    "kilometre",
    "kilometres",
    "mile",
    "miles",
    "mi",
    "meter",
    "meters",
    "metre",
    "metres",
    "m",
    "cm",
    "centimeter",
    "centimeters",
    "centimetre",
    "centimetres",
    "mm",
    "millimeter",
    "millimeters",
    "inch",
    "inches",
    "foot",
    "feet",
    "ft",
    "yard",
    "yards",
    "yd",
    "kg",
    "kilogram",
    "kilograms",
    "kilo",
    "kilos",
    "gram",
    "grams",
    "g",
    "pound",
    "pounds",
    "lb",
    "lbs",
    "ounce",
    "ounces",
    "oz",
    "stone",
    "ton",
    "tons",
    "tonne",
    "tonnes",
    "celsius",
    "fahrenheit",
    "kelvin",
    "°c",
    "°f",
    "c",
    "f",
    "k",
    "liter",
    "liters",
    "litre",
    "litres",
    "l",
    "ml",
    "milliliter",
    "milliliters",
    "gallon",
    "gallons",
    "pint",
    "pints",
    "cup",
    "cups",
    "hour",
    "hours",
    "minute",
    "minutes",
    "second",
    "seconds",
    "day",
    "days",
    "week",
    "weeks",
    "month",
    "months",
    "year",
    "years",
    "km/h",
    "kmh",
    "mph",
    "m/s",
    "knot",
    "knots",
    "acre",
    "acres",
    "hectare",
    "hectares",
    "byte",
    "bytes",
    "kb",
    "mb",
    "gb",
    "tb",
    "kib",
    "mib",
    "gib",
    "usd",
    "eur",
    "gbp",
    "jpy",
    "chf",
    "dollars",
    "euros",
];

/// A conversion a text asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Conversion {
    /// The unit the quantity is in.
    pub(super) from: String,
    /// The unit wanted.
    pub(super) to: String,
}

/// The conversion in a text: a number with a unit, and a second unit.
pub(super) fn conversion(words: &[Word<'_>]) -> Option<Conversion> {
    let mut from = None;
    let mut others = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let digits = word.lower.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '+');
        let unit = if digits {
            word.raw.trim_start_matches(|c: char| c.is_ascii_digit() || ".,-+".contains(c))
        } else {
            word.raw
        };
        if !UNITS.contains(&unit.to_lowercase().as_str()) {
            continue;
        }
        let before = at.checked_sub(1).and_then(|at| words.get(at));
        let behind_number =
            digits || before.is_some_and(|word| word.lower.chars().all(|c| c.is_ascii_digit() || ".,-".contains(c)));
        if behind_number && from.is_none() {
            from = Some(unit.to_owned());
        } else {
            others.push(unit.to_owned());
        }
    }
    let from = from?;
    let to = others.into_iter().find(|unit| *unit != from)?;
    Some(Conversion { from, to })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::mentions;

    #[test]
    fn conversions_are_read_both_ways_round() {
        for (text, from, to) in [
            ("Convert 26.2 miles to kilometers", "miles", "kilometers"),
            ("How many kilometers are 26.2 miles?", "miles", "kilometers"),
            ("What is 100 °F in °C?", "°F", "°C"),
            ("what is 3ft in cm", "ft", "cm"),
        ] {
            let found = conversion(&mentions::words(text)).unwrap();
            assert_eq!((found.from.as_str(), found.to.as_str()), (from, to), "{text}");
        }
        assert_eq!(conversion(&mentions::words("I ran 5 km in the morning")), None);
    }
}
