//! `cargo cis account`: accounts made by hand, whose address needs no link, and what an operator does with any account.
//! The first administrator has to come from somewhere, and a local stack has its demo accounts by the same way.

mod operate;

use std::io;

use api::MayConflict;
use clap::{Args, Subcommand};
use domain::{Account, AccountChange, AccountId, CustomerId, EmailAddress, Role, UserId};
use passwords::{Password, Passwords};
use resilience::{Clock as _, Ids as _, RandomIds, SystemClock};
use serde_json::json;
use store::{Accounts, DynamoAccounts, SaveOutcome, StoreError};

use crate::stack::Stack;

/// What to do with accounts.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Makes an account that can sign in at once.
    Create(Create),
    /// Closes an account to every sign-in and ends its sessions. Access tokens that it has work for up to 15 minutes.
    Disable(operate::Subject),
    /// Opens a disabled account again.
    Enable(operate::Subject),
    /// Makes staff an admin, or an admin staff, and ends the account's sessions. Access tokens that it has keep the
    /// former role for up to 15 minutes.
    Role(operate::NewRole),
    /// Lists an account's sessions, or ends them all.
    Sessions(operate::Sessions),
}

/// Whose account.
#[derive(Clone, Debug, Args)]
pub struct Create {
    /// customer, staff or admin.
    #[arg(long)]
    role: Role,
    /// Signs in with it.
    #[arg(long)]
    email: EmailAddress,
    /// Takes the password from the first line of standard input; without it one is made up, and shown once.
    #[arg(long)]
    password_stdin: bool,
    #[command(flatten)]
    place: Place,
}

/// Where the accounts are.
#[derive(Clone, Debug, Args)]
pub struct Place {
    /// Name of the identity table on AWS, reached with the environment's `AWS_REGION`, `AWS_ACCESS_KEY_ID`,
    /// `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`; without it the stack that is up.
    #[arg(long)]
    table: Option<String>,
}

/// Why an account is not what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// No stack to have it.
    #[error("no stack is up; `cargo cis up` starts one, and --table names a table on AWS")]
    NoStack,
    /// The stack's file, or standard input.
    #[error("cannot read the stack's file or the password")]
    Files(#[from] io::Error),
    /// The password is far too long.
    #[error("the password cannot be used")]
    Password(#[from] serde_json::Error),
    /// The password breaks a rule.
    #[error("the password {0}")]
    Weak(#[from] passwords::WeakPassword),
    /// The password cannot be hashed.
    #[error(transparent)]
    Hash(#[from] passwords::HashError),
    /// The AWS SDK.
    #[error(transparent)]
    Aws(#[from] aws::ConfigError),
    /// The id is malformed.
    #[error(transparent)]
    Id(#[from] domain::InvalidId),
    /// The email address is malformed.
    #[error(transparent)]
    Address(#[from] domain::InvalidEmailAddress),
    /// The table.
    #[error("cannot read or write the account")]
    Store(#[from] StoreError),
    /// No two accounts have one address.
    #[error("an account has this address already")]
    Taken,
    /// Nobody has this address or id.
    #[error("there is no such account")]
    Missing,
    /// The role is not one for this account.
    #[error(transparent)]
    Role(#[from] domain::RoleRefused),
}

impl MayConflict for AccountError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(StoreError::Conflict))
    }
}

/// Carries a command out; what there is to say of it.
///
/// # Errors
///
/// [`AccountError`].
pub async fn run(command: &Command) -> Result<String, AccountError> {
    match command {
        Command::Create(options) => create(options).await,
        Command::Disable(subject) => operate::disable(&subject.place.accounts()?, &subject.who).await,
        Command::Enable(subject) => operate::enable(&subject.place.accounts()?, &subject.who).await,
        Command::Role(options) => operate::assign_role(&options.place.accounts()?, &options.who, options.role).await,
        Command::Sessions(options) => operate::sessions(&options.place.accounts()?, &options.who, options.end).await,
    }
}

/// The new administrator.
pub struct Person {
    /// `cus_…` for customers, `usr_…` for others.
    pub id: AccountId,
    /// What it may do.
    pub role: Role,
    /// Signs in with it.
    pub email: EmailAddress,
    /// As it is typed.
    pub password: String,
}

/// Makes the account; what there is to say of it.
///
/// # Errors
///
/// [`AccountError`].
async fn create(Create { role, email, password_stdin, place }: &Create) -> Result<String, AccountError> {
    let given = if *password_stdin { Some(first_line()?) } else { None };
    let shown = given.is_none();
    let password = given.unwrap_or_else(|| RandomIds.fresh().simple().to_string());
    let person = Person { id: fresh_id(*role), role: *role, email: email.clone(), password };
    add(&place.accounts()?, &person).await?;
    let said = format!("{} can sign in as {}", person.id, email.as_str());
    Ok(if shown { format!("{said}\npassword, shown this once: {}", person.password) } else { said })
}

/// Stores a new account whose address counts as verified.
///
/// # Errors
///
/// The password is weak, the address is taken, or the table cannot be written.
pub async fn add(accounts: &impl Accounts, person: &Person) -> Result<(), AccountError> {
    let now = SystemClock.now();
    let password: Password = serde_json::from_value(json!(person.password))?;
    password.check(&person.email)?;
    let account = Account {
        id: person.id,
        role: person.role,
        email: person.email.clone(),
        email_verified_at: Some(now),
        password: Some(Passwords::default().hash(&password, &RandomIds)?),
        identities: vec![],
        sessions_since: now,
        disabled_at: None,
        created_at: now,
        updated_at: now,
        version: 1,
    };
    let change = AccountChange { before: None, after: Some(account), events: vec![], link: None, uses: None };
    match accounts.save_account(&change).await? {
        SaveOutcome::Saved => Ok(()),
        SaveOutcome::Taken | SaveOutcome::LinkGone => Err(AccountError::Taken),
    }
}

/// The accounts of the stack that is up.
///
/// # Errors
///
/// The AWS SDK cannot be configured.
pub fn of_stack(stack: &Stack) -> Result<DynamoAccounts, aws::ConfigError> {
    at(stack.aws(), &stack.tables.identity)
}

impl Place {
    fn accounts(&self) -> Result<DynamoAccounts, AccountError> {
        match &self.table {
            Some(table) => Ok(at(aws::Settings::from_env().map_err(aws::ConfigError::from)?, table)?),
            None => Ok(of_stack(&Stack::load()?.ok_or(AccountError::NoStack)?)?),
        }
    }
}

fn at(settings: aws::Settings, table: &str) -> Result<DynamoAccounts, aws::ConfigError> {
    Ok(DynamoAccounts::new(&aws_sdk_dynamodb::Client::new(aws::Config::new(settings)?.sdk()), table))
}

fn fresh_id(role: Role) -> AccountId {
    match role {
        Role::Customer => AccountId::Customer(CustomerId::from_uuid(RandomIds.fresh())),
        Role::Staff | Role::Admin => AccountId::User(UserId::from_uuid(RandomIds.fresh())),
    }
}

fn first_line() -> io::Result<String> {
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(test)]
mod tests {
    use store::MemoryStore;

    use super::*;

    fn person(id: &str, email: &str, password: &str) -> Person {
        let (id, email) = (id.parse().unwrap(), email.parse().unwrap());
        Person { id, role: Role::Admin, email, password: password.to_owned() }
    }

    #[tokio::test]
    async fn an_account_made_by_hand_can_sign_in_at_once_and_has_its_address_alone() {
        let store = MemoryStore::default();
        let first = person("usr_00000000000000000000000000000001", "Ann@shop.example", "tea for two, please");
        add(&store, &first).await.unwrap();
        let stored = store.account_with_email(&"ann@shop.example".parse().unwrap()).await.unwrap().unwrap();
        assert_eq!((stored.id, stored.role), (first.id, Role::Admin));
        assert!(stored.email_verified_at.is_some());
        let password: Password = serde_json::from_value(json!(first.password)).unwrap();
        assert!(Passwords::default().verify(&password, stored.password.as_ref()));

        let second = person("usr_00000000000000000000000000000002", "ann@shop.example", "tea for two, please");
        assert!(matches!(add(&store, &second).await, Err(AccountError::Taken)));
    }

    #[tokio::test]
    async fn a_weak_password_makes_no_account() {
        let store = MemoryStore::default();
        let weak = person("usr_00000000000000000000000000000001", "ann@shop.example", "1234567890");
        assert!(matches!(add(&store, &weak).await, Err(AccountError::Weak(_))));
        assert!(store.account(weak.id).await.unwrap().is_none());
    }
}
