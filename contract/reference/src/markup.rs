//! The little Markdown that descriptions use: paragraphs, `code` and **strong**.

/// Paragraphs.
pub(super) fn html(text: &str) -> String {
    let paragraphs = text.trim().split("\n\n").filter(|paragraph| !paragraph.is_empty());
    paragraphs.flat_map(|paragraph| ["<p>".to_owned(), inline(paragraph), "</p>".to_owned()]).collect()
}

/// A line.
pub(super) fn inline(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (index, part) in text.split('`').enumerate() {
        let part = escaped(part);
        if index % 2 == 1 {
            out.extend(["<code>", &part, "</code>"]);
        } else {
            out.push_str(&strong(&part));
        }
    }
    out
}

fn strong(text: &str) -> String {
    let parts = text.split("**").enumerate();
    parts
        .map(|(index, part)| if index % 2 == 1 { format!("<strong>{part}</strong>") } else { part.to_owned() })
        .collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_tags_and_tags_become_text() {
        assert_eq!(html("a <b>\n\n**c** `<d>`"), "<p>a &lt;b&gt;</p><p><strong>c</strong> <code>&lt;d&gt;</code></p>");
        assert_eq!(inline("`a**b` \"c\""), "<code>a**b</code> &quot;c&quot;");
    }
}
