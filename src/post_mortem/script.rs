//! Commands for a machine, each under a head of its own, and what they printed.
//!
//! Plain commands one after the other, without pipes, variables or loops: any POSIX shell reads
//! them, and so does an emulator that knows a closed table of commands.

use super::Part;
use crate::console::plain;
use crate::ssh::Target;
use std::time::Duration;

const HEAD: &str = "==provision==";
const FAILED: &str = "==provision-failed==";

/// A script is one argument, of which Linux takes 128 KiB: what is longer is asked in several
/// connections.
const LONGEST: usize = 96 * 1024;

/// So many lines of each part are kept, the last ones.
const MOST_LINES: usize = 200;

/// Something to ask a machine.
#[derive(Debug, Clone)]
pub(super) struct Question {
    name: String,
    command: String,
}

/// What a command printed, and whether it ended well.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) name: String,
    pub(super) printed: String,
    pub(super) failed: bool,
}

impl Question {
    pub(super) fn new(name: impl Into<String>, command: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            command: command.into(),
        }
    }
}

impl Answer {
    /// As a part: what was printed, or why nothing was.
    pub(super) fn part(&self) -> Part {
        let mut lines = kept(&self.printed);
        if self.failed {
            let why = lines.pop().unwrap_or_else(|| "it failed".to_owned());
            return Part::missing(&self.name, why);
        }
        if lines.is_empty() {
            lines.push("(nothing)".to_owned());
        }
        Part::seen(&self.name, lines)
    }
}

/// The last lines of a text, without what no terminal and nobody else is to see.
pub(super) fn kept(text: &str) -> Vec<String> {
    let mut lines = without_secrets(plain(text));
    let excess = lines.len().saturating_sub(MOST_LINES);
    lines.drain(..excess);
    lines
}

/// No file that holds a private key is read; what a system printed of one by itself goes, too.
pub(super) fn without_secrets(lines: Vec<String>) -> Vec<String> {
    let mut inside = false;
    let mut kept = Vec::with_capacity(lines.len());
    for line in lines {
        let begins = line.contains("-----BEGIN ") && line.contains("PRIVATE KEY");
        if begins {
            kept.push("(a private key is not kept)".to_owned());
        }
        inside |= begins;
        if !inside && !line.contains("AGE-SECRET-KEY-") {
            kept.push(line.clone());
        }
        if line.contains("-----END ") {
            inside = false;
        }
    }
    kept
}

/// Asks all of it, in one connection if it is not too long; the answers have the questions' order.
pub(super) async fn ask(
    target: &Target,
    questions: &[Question],
    deadline: Duration,
) -> Result<Vec<Answer>, String> {
    let mut answers = Vec::new();
    for some in portions(questions) {
        let printed = target.run(&script(some), None, deadline).await;
        let printed = printed.map_err(|error| error.to_string())?;
        answers.extend(read(some, &printed.stdout));
    }
    Ok(answers)
}

/// The questions in their order, as many at once as one script holds.
fn portions(questions: &[Question]) -> Vec<&[Question]> {
    let mut portions = Vec::new();
    let (mut from, mut long) = (0, 0);
    for (at, question) in questions.iter().enumerate() {
        let more = asked(question).len();
        if long + more > LONGEST && at > from {
            portions.push(&questions[from..at]);
            (from, long) = (at, 0);
        }
        long += more;
    }
    if from < questions.len() {
        portions.push(&questions[from..]);
    }
    portions
}

fn script(questions: &[Question]) -> String {
    let mut script: String = questions.iter().map(asked).collect();
    script.push_str("true\n");
    script
}

fn asked(Question { name, command }: &Question) -> String {
    let name = crate::report::quote(&format!("{HEAD} {name}"));
    // whatever printed last may have left its line without an end
    format!("echo; echo {name}; {command} || echo {FAILED}\n")
}

/// A question that was not come to has no answer.
pub(super) fn read(questions: &[Question], printed: &str) -> Vec<Answer> {
    let mut answers: Vec<Answer> = Vec::new();
    for line in printed.lines() {
        let next = questions.get(answers.len());
        if let Some(name) = line.strip_prefix(HEAD)
            && next.is_some_and(|next| next.name == name.trim())
        {
            answers.push(Answer {
                name: name.trim().to_owned(),
                ..Answer::default()
            });
            continue;
        }
        let Some(answer) = answers.last_mut() else {
            continue;
        };
        let said = line.strip_suffix(FAILED);
        answer.failed |= said.is_some();
        match said.unwrap_or(line) {
            "" => {}
            line => {
                answer.printed.push_str(line);
                answer.printed.push('\n');
            }
        }
    }
    answers
}

/// What a shell of this machine answers.
#[cfg(test)]
pub(super) fn answered_here(questions: &[Question]) -> Vec<Answer> {
    let ran = std::process::Command::new("/bin/sh")
        .args(["-c", &script(questions)])
        .output()
        .unwrap();
    assert!(ran.status.success());
    read(questions, &String::from_utf8(ran.stdout).unwrap())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_apart_and_failures_say_why() {
        let questions = [
            Question::new("file-systems", "blkid"),
            Question::new("boot entries", "efibootmgr -v 2>&1"),
            Question::new("empty", "true"),
            Question::new("never", "sleep 100"),
        ];
        let printed = "banner\n==provision== file-systems\n/dev/sda1: TYPE=\"vfat\"\n\
                       ==provision== something else\n\
                       ==provision== boot entries\nnot found\n==provision-failed==\n\
                       ==provision== empty\n";
        let answers = read(&questions, printed);
        let parts: Vec<Part> = answers.iter().map(Answer::part).collect();
        assert_eq!(
            parts,
            [
                Part::seen(
                    "file-systems",
                    vec![
                        "/dev/sda1: TYPE=\"vfat\"".to_owned(),
                        "==provision== something else".to_owned()
                    ]
                ),
                Part::missing("boot entries", "not found"),
                Part::seen("empty", vec!["(nothing)".to_owned()]),
            ]
        );
    }

    #[test]
    fn a_shell_runs_it_as_it_is_meant() {
        let questions = [
            Question::new("it's", "echo one; echo two"),
            Question::new("fails", "ls /nowhere-at-all 2>&1"),
            Question::new("last", "printf 'a\\nb'"),
        ];
        let answers = answered_here(&questions);
        assert_eq!(answers.len(), 3);
        assert_eq!(answers[0].printed, "one\ntwo\n");
        assert!(answers[1].failed && answers[1].printed.contains("nowhere"));
        // printf ends without an end of line, and the mark of success is silence
        assert_eq!(
            (answers[2].printed.as_str(), answers[2].failed),
            ("a\nb\n", false)
        );
    }

    #[test]
    fn no_script_is_longer_than_an_argument_may_be() {
        let one = |bytes: usize| Question::new("q", "x".repeat(bytes));
        let lengths = |questions: &[Question]| {
            let portions = portions(questions).into_iter();
            portions.map(<[Question]>::len).collect::<Vec<_>>()
        };
        assert!(lengths(&[]).is_empty());
        assert_eq!(lengths(&[one(10), one(10)]), [2]);
        // one that is too long by itself is asked by itself
        assert_eq!(lengths(&[one(1), one(2 * LONGEST), one(1)]), [1, 1, 1]);
        let many = vec![one(400); 1000];
        let portions = portions(&many);
        assert_eq!(portions.iter().map(|p| p.len()).sum::<usize>(), 1000);
        assert!(portions.iter().all(|p| script(p).len() < 128 * 1024));
    }

    #[test]
    fn no_private_key_is_kept() {
        let text = "before\n-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE\n\
                    -----END OPENSSH PRIVATE KEY-----\nAGE-SECRET-KEY-1QQQ\nafter\n";
        assert_eq!(
            kept(text),
            ["before", "(a private key is not kept)", "after"]
        );
        let cut = "x -----BEGIN RSA PRIVATE KEY-----\nsecret";
        assert!(!kept(cut).iter().any(|l| l.contains("secret")));
        assert_eq!(kept(&"x\n".repeat(1000)).len(), MOST_LINES);
    }
}
