//! The rules of `POST /v3/mail/send`. Source: SendGrid's "Mail Send" and "Mail Send Errors" pages.

use std::collections::HashSet;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::Timestamp;

use super::error::ApiError;
use super::request::{Address, Content, Personalization, SendRequest};

const MAX_PERSONALIZATIONS: usize = 1000;
const MAX_RECIPIENTS: usize = 1000;
const MAX_CUSTOM_ARGS_BYTES: usize = 10_000;
const MAX_CATEGORIES: usize = 10;
const MAX_SEND_AHEAD_SECONDS: i64 = 72 * 60 * 60;
/// Headers that SendGrid writes itself.
const RESERVED_HEADERS: [&str; 14] = [
    "x-sg-id",
    "x-sg-eid",
    "received",
    "dkim-signature",
    "content-type",
    "content-transfer-encoding",
    "to",
    "from",
    "subject",
    "reply-to",
    "cc",
    "bcc",
    "reply_to",
    "date",
];

/// Every broken rule; empty when the mail would be accepted.
pub fn check(request: &SendRequest, verified_senders: &[String], now: Timestamp) -> Vec<ApiError> {
    let mut errors = Vec::new();
    personalizations(request, now, &mut errors);
    sender(request, &mut errors);
    subject(request, &mut errors);
    content(request, &mut errors);
    extras(request, now, &mut errors);
    if errors.is_empty() {
        unverified(request, verified_senders, &mut errors);
    }
    errors
}

/// Whether the only fault is the sender, which SendGrid answers with 403.
pub fn is_forbidden(errors: &[ApiError]) -> bool {
    errors.iter().any(|error| error.message.contains("verified Sender Identity"))
}

fn personalizations(request: &SendRequest, now: Timestamp, errors: &mut Vec<ApiError>) {
    let count = request.personalizations.len();
    if count == 0 {
        let message = "The personalizations field is required and must have at least one personalization.";
        errors.push(ApiError::field("personalizations", message));
    }
    if count > MAX_PERSONALIZATIONS {
        let message = format!(
            "The personalization block is limited to 1000 personalizations per API request. You have provided {count} \
             personalizations. Please consider splitting this into multiple requests and resending your request."
        );
        errors.push(ApiError::field("personalizations", message));
    }
    if request.personalizations.iter().map(|one| one.recipients().count()).sum::<usize>() > MAX_RECIPIENTS {
        let message = "There is a limit of 1000 total recipients (to + cc + bcc) per request.";
        errors.push(ApiError::field("personalizations", message));
    }
    for (index, personalization) in request.personalizations.iter().enumerate() {
        let path = format!("personalizations.{index}");
        recipients(personalization, &path, errors);
        custom_args(request, personalization, &path, errors);
        send_at(personalization.send_at, &format!("{path}.send_at"), now, errors);
        headers(personalization.headers.keys(), &format!("{path}.headers"), errors);
    }
}

fn recipients(personalization: &Personalization, path: &str, errors: &mut Vec<ApiError>) {
    if personalization.to.is_empty() {
        let message = "The to array is required for all personalization objects, and must have at least one email \
                       object with a valid email address.";
        errors.push(ApiError::field(format!("{path}.to"), message));
    }
    let mut seen = HashSet::new();
    for (list, index, address) in personalization.recipients() {
        if !is_address(&address.email) {
            let field = format!("{path}.{list}.{index}.email");
            errors.push(ApiError::field(field, "Does not contain a valid address."));
        } else if !seen.insert(address.email.to_lowercase()) {
            let message = format!(
                "Each email address in the personalization block should be unique between to, cc, and bcc. We found \
                 the first duplicate instance of [{}] in the {path}.{list} field.",
                address.email
            );
            errors.push(ApiError::field(path, message));
            return;
        }
    }
}

/// Custom args of the message and of the personalization count together, keys included.
fn custom_args(request: &SendRequest, personalization: &Personalization, path: &str, errors: &mut Vec<ApiError>) {
    let mut merged = request.custom_args.clone();
    merged.extend(personalization.custom_args.clone());
    let size = serde_json::to_vec(&merged).map_or(0, |text| text.len());
    if !merged.is_empty() && size > MAX_CUSTOM_ARGS_BYTES {
        let message = "The total size of the custom args is limited to 10,000 bytes for each personalization.";
        errors.push(ApiError::field(format!("{path}.custom_args"), message));
    }
}

fn sender(request: &SendRequest, errors: &mut Vec<ApiError>) {
    match &request.from {
        None => errors.push(ApiError::field(
            "from",
            "The from object must be provided for every email send. It is an object that requires the email parameter, \
             but may also contain a name parameter.  e.g. {\"email\" : \"example@example.com\"}  or {\"email\" : \
             \"example@example.com\", \"name\" : \"Example Recipient\"}.",
        )),
        Some(from) if !is_address(&from.email) => {
            errors.push(ApiError::field("from.email", "The from email does not contain a valid address."));
        }
        Some(_) => {}
    }
    if request.reply_to.is_some() && request.reply_to_list.is_some() {
        errors.push(ApiError::field("reply_to", "The reply_to and reply_to_list parameters are mutually exclusive."));
    }
    if request.reply_to.as_ref().is_some_and(|address| !is_address(&address.email)) {
        let message = "The reply_to email does not contain a valid address.";
        errors.push(ApiError::field("reply_to.email", message));
    }
}

fn unverified(request: &SendRequest, verified: &[String], errors: &mut Vec<ApiError>) {
    let is_verified = |from: &Address| verified.iter().any(|one| one.eq_ignore_ascii_case(&from.email));
    if !verified.is_empty() && !request.from.as_ref().is_some_and(is_verified) {
        let message = "The from address does not match a verified Sender Identity. Mail cannot be sent until this \
                       error is resolved.";
        errors.push(ApiError::field("from", message));
    }
}

fn subject(request: &SendRequest, errors: &mut Vec<ApiError>) {
    let given = |subject: &Option<String>| subject.as_ref().is_some_and(|text| !text.is_empty());
    let everywhere = !request.personalizations.is_empty()
        && request.personalizations.iter().all(|personalization| given(&personalization.subject));
    if !given(&request.subject) && !everywhere && request.template_id.is_none() {
        let message = "The subject is required. You can get around this requirement if you use a template with a \
                       subject defined or if every personalization has a subject defined.";
        errors.push(ApiError::field("subject", message));
    }
}

fn content(request: &SendRequest, errors: &mut Vec<ApiError>) {
    let parts = request.content.as_deref().unwrap_or_default();
    if parts.is_empty() && request.template_id.is_none() {
        let message = "Unless a valid template_id is provided, the content parameter is required. There must be at \
                       least one defined content block. We typically suggest both text/plain and text/html blocks are \
                       included, but only one block is required.";
        errors.push(ApiError::field("content", message));
    }
    for (index, part) in parts.iter().enumerate() {
        content_part(part, index, errors);
    }
    content_order(parts, errors);
}

fn content_part(part: &Content, index: usize, errors: &mut Vec<ApiError>) {
    if part.value.is_empty() {
        let message = "The content value must be a string at least one character in length.";
        errors.push(ApiError::field(format!("content.{index}.value"), message));
    }
    if part.mime.is_empty() || part.mime.contains([';', ',', '\r', '\n']) || !part.mime.contains('/') {
        let message = "The content type must be a MIME type without ; and CRLF characters.";
        errors.push(ApiError::field(format!("content.{index}.type"), message));
    }
}

fn content_order(parts: &[Content], errors: &mut Vec<ApiError>) {
    let places = |mime: &str| -> Vec<usize> {
        parts.iter().enumerate().filter(|(_, part)| part.mime == mime).map(|(index, _)| index).collect()
    };
    let (plain, html) = (places("text/plain"), places("text/html"));
    if plain.len() > 1 || html.len() > 1 {
        let message = "If present, text/plain and text/html may only be provided once.";
        errors.push(ApiError::field("content", message));
    }
    let html_place = usize::from(!plain.is_empty());
    if plain.first().is_some_and(|index| *index != 0) || html.first().is_some_and(|index| *index != html_place) {
        let message = "If present, text/plain must be first, followed by text/html, followed by any other content.";
        errors.push(ApiError::field("content", message));
    }
}

fn extras(request: &SendRequest, now: Timestamp, errors: &mut Vec<ApiError>) {
    send_at(request.send_at, "send_at", now, errors);
    headers(request.headers.keys(), "headers", errors);
    let unique: HashSet<_> = request.categories.iter().collect();
    if request.categories.len() > MAX_CATEGORIES {
        errors.push(ApiError::field("categories", "You cannot have more than 10 categories per request."));
    }
    if unique.len() < request.categories.len() {
        errors.push(ApiError::field("categories", "You must not have the same category more than once."));
    }
    if request.categories.iter().any(|category| category.len() > 255) {
        errors.push(ApiError::field("categories", "A category name cannot be longer than 255 characters."));
    }
    for (index, attachment) in request.attachments.iter().enumerate() {
        if attachment.content.is_empty() || STANDARD.decode(&attachment.content).is_err() {
            let message = "The attachment content must be base64 encoded.";
            errors.push(ApiError::field(format!("attachments.{index}.content"), message));
        }
        if attachment.filename.is_empty() {
            let message = "The filename of an attachment is required.";
            errors.push(ApiError::field(format!("attachments.{index}.filename"), message));
        }
    }
}

fn headers<'a>(names: impl Iterator<Item = &'a String>, path: &str, errors: &mut Vec<ApiError>) {
    for name in names.filter(|name| RESERVED_HEADERS.contains(&name.to_lowercase().as_str())) {
        let message = format!("The header {name} is reserved and must not be set.");
        errors.push(ApiError::field(format!("{path}.{name}"), message));
    }
}

fn send_at(send_at: Option<i64>, path: &str, now: Timestamp, errors: &mut Vec<ApiError>) {
    if send_at.is_some_and(|at| at > now.seconds() + MAX_SEND_AHEAD_SECONDS) {
        let message = "The send_at parameter must not be more than 72 hours in the future.";
        errors.push(ApiError::field(path, message));
    }
}

fn is_address(text: &str) -> bool {
    let Some((local, host)) = text.rsplit_once('@') else { return false };
    let printable = text.is_ascii() && !text.contains([' ', ',', ';', '<', '>', '"', '\r', '\n']);
    let host_ok = host.contains('.') && host.split('.').all(|label| !label.is_empty() && !label.starts_with('-'));
    printable && !local.is_empty() && local.len() <= 64 && !local.contains('@') && host_ok
}

#[cfg(test)]
mod tests;
