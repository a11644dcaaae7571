//! Skeletons: JSON lines of a known shape, recognised instead of parsed.
//!
//! A skeleton is the last line of a shape plus its *holes*: scalars that have changed at least
//! once. A line fits when everything between the holes is the same byte for byte and a scalar
//! stands in each hole. Equal bytes put any JSON parser into the same state, so this is exact: a
//! line that fits parses to the skeleton's value with other scalars in the holes. Whatever does
//! not fit is parsed the plain way; correctness never rests on the guess.
//!
//! Six shapes are kept, the one used last tried first. A stream whose lines keep missing is passed
//! through untouched for a while, so that a hostile one costs little more than parsing.

pub(crate) mod scan;

use scan::{Kind, Span, same, scalar};

/// How many shapes are kept.
pub(crate) const SLOTS: usize = 6;
/// How long a line may be to become a skeleton, in bytes.
const MAX_LINE: usize = 8 * 1024;
/// How many scalars it may hold.
const MAX_LEAVES: usize = 96;
/// After how many lines in a row that fit nothing learning pauses, and for how many lines.
const MISSES: u32 = 24;
const PAUSE: u32 = 512;

/// One scalar of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Leaf {
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// An `index`: another value makes another shape, so that what it names stays fixed.
    pinned: bool,
}

/// One known shape.
#[derive(Debug, Default)]
pub(crate) struct Skeleton {
    text: Vec<u8>,
    leaves: Vec<Leaf>,
    /// Which leaves vary, as places in `leaves`, ascending.
    holes: Vec<usize>,
}

impl Skeleton {
    /// The line it was learned from.
    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    pub(crate) fn holes(&self) -> &[usize] {
        &self.holes
    }

    /// The scalar of a hole in the line it was learned from, quotes included.
    pub(crate) fn learned(&self, hole: usize) -> &[u8] {
        let leaf = self.holes.get(hole).and_then(|leaf| self.leaves.get(*leaf));
        leaf.and_then(|leaf| self.text.get(leaf.from..leaf.to)).unwrap_or(&[])
    }

    /// Which hole the scalar at this place of the text is, if it is one.
    pub(crate) fn hole_at(&self, from: usize) -> Option<usize> {
        let leaf = self.leaves.binary_search_by_key(&from, |leaf| leaf.from).ok()?;
        self.holes.binary_search(&leaf).ok()
    }

    /// Where each hole starts in the text.
    pub(crate) fn hole_starts(&self) -> impl Iterator<Item = usize> {
        self.holes.iter().filter_map(|leaf| self.leaves.get(*leaf)).map(|leaf| leaf.from)
    }

    /// How long the line at the start of `input` is, when it fits; `spans` are its holes.
    pub(crate) fn fit(&self, input: &[u8], spans: &mut Vec<Span>) -> Option<usize> {
        spans.clear();
        let (mut at, mut known) = (0, 0);
        for leaf in &self.holes {
            let leaf = self.leaves.get(*leaf)?;
            let run = self.text.get(known..leaf.from)?;
            if !same(input.get(at..at + run.len())?, run) {
                return None;
            }
            let span = scalar(input, at + run.len())?;
            at = span.end();
            known = leaf.to;
            spans.push(span);
        }
        let run = self.text.get(known..)?;
        let end = at + run.len();
        same(input.get(at..end)?, run).then_some(end)
    }

    /// Which leaves differ in a line of the same structure; `None` for any other line.
    fn difference(&self, line: &[u8]) -> Option<Vec<usize>> {
        let mut holes = self.holes.clone();
        let (mut at, mut known) = (0, 0);
        for (place, leaf) in self.leaves.iter().enumerate() {
            let run = self.text.get(known..leaf.from)?;
            if !same(line.get(at..at + run.len())?, run) {
                return None;
            }
            let span = scalar(line, at + run.len())?;
            if line.get(span.start()..span.end())? != self.text.get(leaf.from..leaf.to)? {
                if leaf.pinned {
                    return None;
                }
                holes.push(place);
            }
            at = span.end();
            known = leaf.to;
        }
        if line.get(at..)? != self.text.get(known..)? {
            return None;
        }
        crate::order::sort(&mut holes, |a, b| a < b);
        holes.dedup();
        Some(holes)
    }
}

/// The shapes a stream has shown.
#[derive(Debug, Default)]
pub(crate) struct Skeletons {
    slots: Vec<Skeleton>,
    /// Places in `slots`, the one used last first.
    order: Vec<usize>,
    misses: u32,
    pause: u32,
}

impl Skeletons {
    pub(crate) fn get(&self, slot: usize) -> Option<&Skeleton> {
        self.slots.get(slot)
    }

    /// The slot whose skeleton the start of `input` fits, and how long the line is.
    pub(crate) fn find(&mut self, input: &[u8], spans: &mut Vec<Span>) -> Option<(usize, usize)> {
        for turn in 0..self.order.len() {
            let slot = *self.order.get(turn)?;
            if let Some(len) = self.slots.get(slot).and_then(|skeleton| skeleton.fit(input, spans)) {
                if turn > 0 {
                    self.order.get_mut(..=turn)?.rotate_right(1);
                }
                self.misses = 0;
                return Some((slot, len));
            }
        }
        None
    }

    /// Whether the next miss may teach something.
    pub(crate) fn paused(&mut self) -> bool {
        if self.pause == 0 {
            return false;
        }
        self.pause -= 1;
        true
    }

    /// Learns a line that is valid JSON and fitted nothing: widens a skeleton of its structure, or
    /// keeps it as a new one. Gives the slot that now knows it, or nothing when it cannot be known.
    pub(crate) fn learn(&mut self, line: &str) -> Option<usize> {
        self.misses += 1;
        if self.misses > MISSES {
            self.misses = 0;
            self.pause = PAUSE;
            return None;
        }
        if line.len() > MAX_LINE {
            return None;
        }
        let leaves = leaves(line)?;
        let bytes = line.as_bytes();
        let widened = self.order.iter().enumerate().find_map(|(turn, slot)| {
            let holes = self.slots.get(*slot)?.difference(bytes)?;
            Some((turn, holes))
        });
        let (turn, holes) = match widened {
            Some(found) => found,
            None if self.slots.len() < SLOTS => {
                self.order.push(self.slots.len());
                self.slots.push(Skeleton::default());
                (self.order.len() - 1, Vec::new())
            }
            None => (self.order.len().checked_sub(1)?, Vec::new()),
        };
        self.order.get_mut(..=turn)?.rotate_right(1);
        let slot = *self.order.first()?;
        *self.slots.get_mut(slot)? = Skeleton { text: bytes.to_vec(), leaves, holes };
        Some(slot)
    }
}

/// The scalars of a valid JSON line in order; `None` when it holds keys whose values cannot be
/// told by their place alone: repeated ones, escaped ones, `__proto__`, and those that JavaScript
/// orders before the others.
fn leaves(line: &str) -> Option<Vec<Leaf>> {
    let bytes = line.as_bytes();
    let mut found = Vec::new();
    let mut keys: Vec<(usize, &[u8])> = Vec::new();
    let (mut at, mut depth, mut pinned) = (0, 0_usize, false);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                while keys.last().is_some_and(|(level, _)| *level == depth) {
                    keys.pop();
                }
                depth = depth.checked_sub(1)?;
            }
            b' ' | b'\t' | b'\n' | b'\r' | b',' | b':' => {}
            _ => {
                let span = scalar(bytes, at)?;
                at = span.end();
                if matches!(span.kind, Kind::Plain | Kind::Rich) && next_is_colon(bytes, at) {
                    let key = bytes.get(span.from..span.to)?;
                    let hidden =
                        key.contains(&b'\\') || key == b"__proto__" || key.first().is_some_and(u8::is_ascii_digit);
                    if hidden || keys.len() > 2 * MAX_LEAVES || keys.contains(&(depth, key)) {
                        return None;
                    }
                    keys.push((depth, key));
                    pinned = key == b"index";
                } else {
                    if found.len() == MAX_LEAVES {
                        return None;
                    }
                    found.push(Leaf { from: span.start(), to: span.end(), pinned });
                    pinned = false;
                }
                continue;
            }
        }
        pinned &= !matches!(byte, b'{' | b'[');
        at += 1;
    }
    Some(found)
}

fn next_is_colon(bytes: &[u8], at: usize) -> bool {
    let rest = bytes.get(at..).unwrap_or(&[]);
    rest.iter().find(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r')) == Some(&b':')
}
