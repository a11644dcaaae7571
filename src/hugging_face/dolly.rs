//! The words Dolly was trained with. The model answers well only in them, and the wire adds nothing.

use crate::wire::find::split_once;

const INTRO: &str =
    "Below is an instruction that describes a task. Write a response that appropriately completes the request.";
const INSTRUCTION: &str = "\n\n### Instruction:\n";
const CONTEXT: &str = "\n\nInput:\n";
const RESPONSE: &str = "\n\n### Response:\n";
/// What ends a Dolly answer.
pub const END: &str = "### End";

/// The prompt that asks Dolly to follow an instruction, with what it shall read for it, if anything.
///
/// ```
/// let prompt = lakewire::hugging_face::dolly_prompt("Name a lake.", None);
/// assert!(prompt.ends_with("### Instruction:\nName a lake.\n\n### Response:\n"));
/// ```
#[must_use]
pub fn dolly_prompt(instruction: &str, context: Option<&str>) -> String {
    let mut prompt = String::from(INTRO);
    prompt.push_str(INSTRUCTION);
    prompt.push_str(instruction);
    if let Some(context) = context {
        prompt.push_str(CONTEXT);
        prompt.push_str(context);
    }
    prompt.push_str(RESPONSE);
    prompt
}

/// Dolly's answer without its end mark, what comes after it, and the space around it.
///
/// ```
/// assert_eq!(lakewire::hugging_face::dolly_answer("Lake Tahoe.\n\n### End\nand on"), "Lake Tahoe.");
/// ```
#[must_use]
pub fn dolly_answer(text: &str) -> &str {
    let answer = split_once(text, END).map_or(text, |(answer, _)| answer);
    // some servers repeat the prompt in spite of being told not to
    split_once(answer, RESPONSE.trim_start()).map_or(answer, |(_, answer)| answer).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prompt_is_what_dolly_was_trained_with_byte_for_byte() {
        assert_eq!(
            dolly_prompt("Explain.", None),
            "Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n### Instruction:\nExplain.\n\n### Response:\n"
        );
        assert_eq!(
            dolly_prompt("Explain.", Some("A lake.")),
            "Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n### Instruction:\nExplain.\n\nInput:\nA lake.\n\n### Response:\n"
        );
    }

    #[test]
    fn the_answer_ends_at_its_mark() {
        for (raw, answer) in [
            ("Yes.", "Yes."),
            (" Yes.\n\n### End", "Yes."),
            ("Yes.### End### End", "Yes."),
            ("### End", ""),
            (&format!("{}Yes.\n\n### End\n", dolly_prompt("Say yes.", None)), "Yes."),
        ] {
            assert_eq!(dolly_answer(raw), answer);
        }
    }
}
