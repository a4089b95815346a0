use super::*;

/// Writes a script in a form that a table can hold: words in brackets, joins between.
fn shown(text: &str) -> String {
    match parse(text) {
        Err(why) => format!("error: {why}"),
        Ok(script) => script
            .iter()
            .map(|(join, command)| {
                let join = match join {
                    Join::Always => ";",
                    Join::And => "&&",
                    Join::Or => "||",
                };
                let not = if command.negated { "!" } else { "" };
                let redirects: String = command
                    .redirects
                    .iter()
                    .map(|r| match r {
                        Redirect::In(path) => format!("<{path}"),
                        Redirect::Out { fd, path, append } => {
                            format!("{fd}>{}{path}", if *append { ">" } else { "" })
                        }
                        Redirect::Dup { fd, to } => format!("{fd}>&{to}"),
                    })
                    .collect();
                format!("{join}{not}{:?}{redirects}", command.words)
            })
            .collect(),
    }
}

#[test]
fn scripts_are_read_as_a_shell_reads_them() {
    let table: &[(&str, &str)] = &[
        ("", ""),
        (" \n ; \n", ""),
        ("exit 0", r#";["exit", "0"]"#),
        ("a b  c", r#";["a", "b", "c"]"#),
        ("a;b\nc", r#";["a"];["b"];["c"]"#),
        ("a && b || c; d", r#";["a"]&&["b"]||["c"];["d"]"#),
        ("a &&\n b", r#";["a"]&&["b"]"#),
        ("echo 'a  $b' \"c d\"", r#";["echo", "a  $b", "c d"]"#),
        (
            r#"echo "a\"b\$c\n" d\ e"#,
            r#";["echo", "a\"b$c\\n", "d e"]"#,
        ),
        ("echo ''", r#";["echo", ""]"#),
        ("echo a'b'\"c\"d", r#";["echo", "abcd"]"#),
        ("a 2>/dev/null", r#";["a"]2>/dev/null"#),
        ("a >/dev/null 2>&1", r#";["a"]1>/dev/null2>&1"#),
        ("a > x >> y < z", r#";["a"]1>x1>>y<z"#),
        ("a2>x", r#";["a2"]1>x"#),
        ("a '2'>x", r#";["a", "2"]1>x"#),
        ("! test -e /x", r#";!["test", "-e", "/x"]"#),
        ("[ -d /x ] && a", r#";["[", "-d", "/x", "]"]&&["a"]"#),
        ("a # b ; c\nd#e", r#";["a"];["d#e"]"#),
        ("a \\\n b", r#";["a", "b"]"#),
        ("A=1 b", r#";["A=1", "b"]"#),
        (
            "lsblk --output NAME,SIZE",
            r#";["lsblk", "--output", "NAME,SIZE"]"#,
        ),
    ];
    for (text, expected) in table {
        assert_eq!(shown(text), *expected, "{text:?}");
    }
}

#[test]
fn what_is_not_understood_is_refused_by_name() {
    let table: &[(&str, &str)] = &[
        ("echo $HOME", "expansion"),
        ("echo \"$HOME\"", "expansion"),
        ("echo \"`id`\"", "command substitution"),
        ("echo `id`", "command substitution"),
        ("a | b", "pipes"),
        ("a &", "background jobs"),
        ("(a)", "subshells"),
        ("{ a; }", "command groups"),
        ("ls /dev/*", "patterns"),
        ("ls ~/x", "expansion (~)"),
        ("sh <<X", "here documents"),
        ("'a", "unterminated"),
        ("\"a", "unterminated"),
        ("a &&", "unexpected end"),
        ("&& a", "missing"),
        ("a ;; b && || c", "missing"),
        ("a >", "no target"),
        ("a 2>&3", "only 1 and 2"),
        ("!", "unexpected end"),
    ];
    for (text, expected) in table {
        let shown = shown(text);
        assert!(
            shown.starts_with("error: ") && shown.contains(expected),
            "{text:?}: {shown}"
        );
    }
}
