//! How a known shape of chunk is folded: which holes are appended where, and which must not vary.
//!
//! Made once per shape from the same document the fold itself reads. What a plan cannot say is
//! left to the fold: the shape is then recognised all the same, and folded line by line.

use crate::chat::accumulate::{Accumulator, Target, grows};
use crate::wire::json::Raw;
use crate::wire::skeleton::Skeleton;

/// Where an appended piece comes from.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// A hole, by its place among the holes.
    Hole(usize),
    /// The same text in every line of this shape.
    Constant(Vec<u8>),
}

/// One piece to append.
#[derive(Clone, Debug)]
pub(crate) struct Append {
    pub(crate) source: Source,
    pub(crate) slot: usize,
    pub(crate) target: Target,
    /// Whether it is text of the answer's first choice.
    pub(crate) spoken: bool,
}

/// How lines of one shape are folded.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) appends: Vec<Append>,
    /// Holes whose scalar must be the learned one; any other line goes to the fold.
    pub(crate) guards: Vec<usize>,
    /// Nothing is known: every line goes to the fold.
    pub(crate) by_fold: bool,
    /// Something outside the choices varies or is a count: the last line is kept and folded later.
    pub(crate) root_varies: bool,
    /// When a line of this shape came last; 0 once that is folded.
    pub(crate) seen: u64,
    /// Where that line lies in the buffer of the current read.
    pub(crate) line: Option<(usize, usize)>,
    /// That line, once the read is over.
    pub(crate) kept: Vec<u8>,
}

struct Maker<'a> {
    skeleton: &'a Skeleton,
    base: usize,
    accumulator: &'a Accumulator,
    plan: Plan,
    /// Which holes are spoken for.
    known: Vec<bool>,
}

impl Plan {
    /// The plan for a skeleton whose own line has just been folded.
    pub(crate) fn new(skeleton: &Skeleton, root: Raw<'_>, accumulator: &Accumulator) -> Self {
        let mut maker = Maker {
            skeleton,
            base: root.text().as_ptr() as usize,
            accumulator,
            plan: Self::default(),
            known: vec![false; skeleton.holes().len()],
        };
        let choices = root.get("choices");
        for choice in choices.into_iter().flat_map(Raw::items) {
            if maker.choice(choice).is_none() {
                maker.plan.by_fold = true;
            }
        }
        if let Some(error) = root.get("error") {
            maker.fixed(error);
        }
        let inside = choices.map(|choices| {
            let from = choices.text().as_ptr() as usize - maker.base;
            from..from + choices.text().len()
        });
        for (hole, at) in skeleton.hole_starts().enumerate() {
            let within = inside.as_ref().is_some_and(|inside| inside.contains(&at));
            if !within {
                maker.plan.root_varies = true;
            } else if !maker.known.get(hole).is_some_and(|known| *known) {
                maker.plan.by_fold = true;
            }
        }
        maker.plan
    }
}

impl Maker<'_> {
    /// Which hole a scalar is.
    fn hole(&mut self, value: Raw<'_>) -> Option<usize> {
        let hole = self.skeleton.hole_at((value.text().as_ptr() as usize).checked_sub(self.base)?)?;
        if let Some(known) = self.known.get_mut(hole) {
            *known = true;
        }
        Some(hole)
    }

    /// This scalar must stay what it is.
    fn fixed(&mut self, value: Raw<'_>) {
        if let Some(hole) = self.hole(value) {
            self.plan.guards.push(hole);
        }
    }

    /// This scalar must stay null. Gives nothing when it is something.
    fn nothing(&mut self, value: Raw<'_>) -> Option<()> {
        self.fixed(value);
        value.is_null().then_some(())
    }

    fn append(&mut self, value: Raw<'_>, slot: usize, target: Target, spoken: bool) -> Option<()> {
        let source = match self.hole(value) {
            Some(hole) => Source::Hole(hole),
            None if value.is_null() => return Some(()),
            None => Source::Constant(value.as_str()?.into_owned().into_bytes()),
        };
        self.plan.appends.push(Append { source, slot, target, spoken });
        Some(())
    }

    fn choice(&mut self, choice: Raw<'_>) -> Option<()> {
        let index = u32::try_from(choice.get("index")?.as_i64()?).ok()?;
        let slot = self.accumulator.slot_of(index)?;
        for (key, value) in choice.fields() {
            match key.as_ref() {
                "index" => {}
                "delta" => {
                    for (key, value) in value.fields() {
                        self.delta(&key, value, slot, index == 0)?;
                    }
                }
                _ => self.nothing(value)?,
            }
        }
        Some(())
    }

    fn delta(&mut self, key: &str, value: Raw<'_>, slot: usize, spoken: bool) -> Option<()> {
        match key {
            "role" => self.fixed(value),
            "content" if value.is_array() => {
                for part in value.items() {
                    self.part(part, slot, spoken)?;
                }
            }
            "content" => self.append(value, slot, Target::Text, spoken)?,
            "tool_calls" if value.is_array() => {
                for call in value.items() {
                    self.call(call, slot)?;
                }
            }
            name if grows(name) && !value.is_null() => {
                let at = u16::try_from(self.accumulator.field_place(slot, name)?).ok()?;
                self.append(value, slot, Target::Field(at), false)?;
            }
            _ => self.nothing(value)?,
        }
        Some(())
    }

    /// A field that adds nothing to its part: null, or an empty signature.
    fn silent(&mut self, value: Raw<'_>) -> Option<()> {
        self.fixed(value);
        matches!(value.text(), "null" | "\"\"").then_some(())
    }

    fn part(&mut self, part: Raw<'_>, slot: usize, spoken: bool) -> Option<()> {
        let kind = part.get("type")?;
        self.fixed(kind);
        let reasoning = match kind.text() {
            "\"text\"" => false,
            "\"reasoning\"" => true,
            _ => return None,
        };
        let mut said = false;
        for (key, value) in part.fields() {
            match key.as_ref() {
                "type" => {}
                "text" if !reasoning && value.is_string() => {
                    said = true;
                    self.append(value, slot, Target::PartText, spoken)?;
                }
                "summary" if reasoning => {
                    for piece in value.items() {
                        said = true;
                        self.summary(piece, slot)?;
                    }
                }
                _ => self.silent(value)?,
            }
        }
        said.then_some(())
    }

    fn summary(&mut self, piece: Raw<'_>, slot: usize) -> Option<()> {
        let mut said = false;
        for (key, value) in piece.fields() {
            match key.as_ref() {
                "type" => {
                    self.fixed(value);
                    (value.text() == "\"summary_text\"").then_some(())?;
                }
                "text" if value.is_string() => {
                    said = true;
                    self.append(value, slot, Target::Summary, false)?;
                }
                _ => self.silent(value)?,
            }
        }
        said.then_some(())
    }

    fn call(&mut self, call: Raw<'_>, slot: usize) -> Option<()> {
        let index = u32::try_from(call.get("index")?.as_i64()?).ok()?;
        let place = u16::try_from(self.accumulator.call_place(slot, index)?).ok()?;
        for (key, value) in call.fields() {
            match key.as_ref() {
                "index" => {}
                // kept once; the same again changes nothing
                "type" => self.fixed(value),
                "function" => {
                    for (key, value) in value.fields() {
                        match key.as_ref() {
                            "arguments" => self.append(value, slot, Target::Arguments(place), false)?,
                            _ => self.nothing(value)?,
                        }
                    }
                }
                _ => self.nothing(value)?,
            }
        }
        Some(())
    }
}
