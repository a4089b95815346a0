//! The small part of the shell's grammar that emulated machines understand.
//!
//! Words with quotes, `;`, newlines, `&&`, `||`, `!`, and redirections. What would need an
//! expansion, a pipe or a process of its own is refused by name rather than taken literally.

/// Commands in their order, each with what decides whether it runs.
pub(crate) type Script = Vec<(Join, Command)>;

/// What decides whether a command runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Join {
    /// `;` or a newline.
    Always,
    /// `&&`.
    And,
    /// `||`.
    Or,
}

/// One command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Command {
    pub(crate) words: Vec<String>,
    pub(crate) redirects: Vec<Redirect>,
    /// Whether `!` turns its status around.
    pub(crate) negated: bool,
}

/// Where a stream goes, or comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Redirect {
    /// Standard input comes from a file.
    In(String),
    /// Output 1 or 2 goes into a file.
    Out { fd: u8, path: String, append: bool },
    /// Output goes where another goes (`2>&1`).
    Dup { fd: u8, to: u8 },
}

/// Reads a script; an error says what is not understood.
pub(crate) fn parse(text: &str) -> Result<Script, String> {
    let tokens = lex(text)?;
    let mut script = Script::new();
    let mut join = Join::Always;
    let mut command = Command::default();
    for token in tokens {
        match token {
            Token::Word(word) if word == "!" && command.is_empty() => {
                command.negated = !command.negated;
            }
            Token::Word(word) | Token::Quoted(word) => command.words.push(word),
            Token::Redirect(redirect) => command.redirects.push(redirect),
            Token::Join(next) => {
                if command.is_empty() && !command.negated {
                    if next == Join::Always && join == Join::Always {
                        continue;
                    }
                    // a newline after && or || goes on with the next line
                    if next == Join::Always && !script.is_empty() {
                        continue;
                    }
                    return Err("syntax error: a command is missing".to_owned());
                }
                script.push((join, std::mem::take(&mut command)));
                join = next;
            }
        }
    }
    if !command.is_empty() {
        script.push((join, command));
    } else if join != Join::Always || command.negated {
        return Err("syntax error: unexpected end of input".to_owned());
    }
    Ok(script)
}

impl Command {
    fn is_empty(&self) -> bool {
        self.words.is_empty() && self.redirects.is_empty()
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    /// A word with a quoted part, which is never an operator.
    Quoted(String),
    Redirect(Redirect),
    Join(Join),
}

/// A word that is being read.
#[derive(Default)]
struct Reading {
    text: String,
    quoted: bool,
    /// The redirection that this word is the target of.
    target: Option<(u8, &'static str)>,
}

fn lex(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut word = Reading::default();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\'' => {
                word.quoted = true;
                loop {
                    match chars.next() {
                        Some('\'') => break,
                        Some(inner) => word.text.push(inner),
                        None => return Err("syntax error: unterminated quoted string".to_owned()),
                    }
                }
            }
            '"' => double_quoted(&mut chars, &mut word)?,
            '\\' => match chars.next() {
                Some('\n') | None => {}
                Some(escaped) => {
                    word.quoted = true;
                    word.text.push(escaped);
                }
            },
            ' ' | '\t' | '\r' => word.end(&mut tokens)?,
            '\n' | ';' => {
                word.end(&mut tokens)?;
                tokens.push(Token::Join(Join::Always));
            }
            '&' if chars.next_if_eq(&'&').is_some() => {
                word.end(&mut tokens)?;
                tokens.push(Token::Join(Join::And));
            }
            '|' if chars.next_if_eq(&'|').is_some() => {
                word.end(&mut tokens)?;
                tokens.push(Token::Join(Join::Or));
            }
            '#' if word.is_fresh() => while chars.next_if(|&c| c != '\n').is_some() {},
            '>' | '<' => word.redirect(c, &mut chars, &mut tokens)?,
            other => {
                if let Some(name) = refused(other, &word) {
                    return Err(format!(
                        "sandbox: the shell of emulated machines has no {name}"
                    ));
                }
                word.text.push(other);
            }
        }
    }
    word.end(&mut tokens)?;
    if word.target.is_some() {
        return Err("syntax error: a redirection has no target".to_owned());
    }
    Ok(tokens)
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn double_quoted(chars: &mut Chars<'_>, word: &mut Reading) -> Result<(), String> {
    word.quoted = true;
    loop {
        match chars.next() {
            Some('"') => return Ok(()),
            Some('\\') => match chars.next() {
                Some('\n') => {}
                Some(c @ ('"' | '\\' | '$' | '`')) => word.text.push(c),
                Some(c) => word.text.extend(['\\', c]),
                None => return Err("syntax error: unterminated quoted string".to_owned()),
            },
            Some(c @ ('$' | '`')) => {
                let name = refused(c, word).unwrap_or("expansion");
                return Err(format!(
                    "sandbox: the shell of emulated machines has no {name}"
                ));
            }
            Some(inner) => word.text.push(inner),
            None => return Err("syntax error: unterminated quoted string".to_owned()),
        }
    }
}

/// What an unquoted character would ask for.
fn refused(c: char, word: &Reading) -> Option<&'static str> {
    match c {
        '$' => Some("expansion ($)"),
        '`' => Some("command substitution"),
        '|' => Some("pipes"),
        '&' => Some("background jobs"),
        '(' | ')' => Some("subshells"),
        '{' | '}' if word.is_fresh() => Some("command groups"),
        '*' | '?' => Some("file name patterns"),
        '~' if word.is_fresh() => Some("expansion (~)"),
        _ => None,
    }
}

impl Reading {
    fn is_fresh(&self) -> bool {
        self.text.is_empty() && !self.quoted
    }

    /// Ends the word, if one was begun.
    fn end(&mut self, tokens: &mut Vec<Token>) -> Result<(), String> {
        if self.is_fresh() {
            return Ok(());
        }
        let word = std::mem::take(self);
        tokens.push(match word.target {
            None if word.quoted => Token::Quoted(word.text),
            None => Token::Word(word.text),
            Some((_, "<")) => Token::Redirect(Redirect::In(word.text)),
            Some((fd, ">&")) => {
                let to = match word.text.as_str() {
                    "1" => 1,
                    "2" => 2,
                    _ => return Err("syntax error: only 1 and 2 can be duplicated".to_owned()),
                };
                Token::Redirect(Redirect::Dup { fd, to })
            }
            Some((fd, how)) => Token::Redirect(Redirect::Out {
                fd,
                path: word.text,
                append: how == ">>",
            }),
        });
        Ok(())
    }

    /// Begins a redirection; a number right before it is the stream.
    fn redirect(
        &mut self,
        sign: char,
        chars: &mut Chars<'_>,
        tokens: &mut Vec<Token>,
    ) -> Result<(), String> {
        let mut fd = 1;
        if let ("1" | "2", false) = (self.text.as_str(), self.quoted) {
            fd = if self.text == "1" { 1 } else { 2 };
            self.text.clear();
        } else {
            self.end(tokens)?;
        }
        if self.target.is_some() {
            return Err("syntax error: a redirection has no target".to_owned());
        }
        let how = match sign {
            '<' if chars.peek() == Some(&'<') => {
                return Err("sandbox: the shell of emulated machines has no here documents".into());
            }
            '<' => "<",
            _ if chars.next_if_eq(&'>').is_some() => ">>",
            _ if chars.next_if_eq(&'&').is_some() => ">&",
            _ => ">",
        };
        self.target = Some((fd, how));
        while chars.next_if(|c| matches!(c, ' ' | '\t')).is_some() {}
        Ok(())
    }
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
