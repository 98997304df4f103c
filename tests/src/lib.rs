//! What is tested across packages; all of it is under `tests/`.
