"""What schemathesis is told beyond openapi.json, for `cargo cis drill contract`. Each exception stands here with its reason.

Left out as a check: `positive_data_acceptance`. A body that the document allows may still be refused for what no document
can say: no such product, a key of another order, a link that was never mailed, a password that is wrong, a webhook that
the provider never signed. What the document says of those refusals is checked like every other answer.

Nobody's session or key may end while the run goes on, so:
- the run's own API key is neither revoked nor replaced (CONTRACT_KEY);
- the demo people, as whom it calls, are not erased. Other bodies of erase-me, logout and change-password are let
  through: they hold made-up credentials, and access tokens ask no session.
"""

import os
import zlib

import schemathesis
from schemathesis.core.parameters import ParameterLocation

# Orders that the caller may see: some paid, some to be paid. Only the later half is cancelled: what is left to do with a
# cancelled order is soon told.
ORDERS = [order for order in os.environ.get("CONTRACT_ORDERS", "").split(",") if order]
CANCELLABLE = ORDERS[len(ORDERS) // 2 :]
KEY = os.environ.get("CONTRACT_KEY", "")
# The OpenID provider that there is; any other name is a 404.
PROVIDER = os.environ.get("CONTRACT_PROVIDER", "")
DEMO_PEOPLE = "@shop.example"
# OpenAPI cannot say that a 201 has a body or none.
CREATING = {"create-order", "put-product"}


@schemathesis.hook
def filter_case(context, case):
    operation = case.operation.definition.raw.get("operationId")
    if operation in ("revoke-api-key", "create-api-key") and KEY:
        return KEY not in f"{case.path_parameters}{case.body}"
    if operation == "erase-me":
        return DEMO_PEOPLE not in f"{case.body}"
    return True


@schemathesis.hook
def before_call(context, case, kwargs):
    operation = case.operation.definition.raw.get("operationId")
    if operation in CREATING:
        # `Prefer: return=minimal` is tried where the answer is a 200 or a 204.
        for name in [name for name in case.headers or {} if name.lower() == "prefer"]:
            del case.headers[name]
    if operation == "revoke-api-key" and KEY and KEY in f"{case.path_parameters}":
        # Links between operations come by here, not by filter_case.
        case.path_parameters["key_id"] = "key_" + 32 * "0"
    parameters = case.path_parameters or {}
    is_negative = case.meta is not None and case.meta.is_negative_at(ParameterLocation.PATH)
    if not is_negative and half(parameters):
        if "order_id" in parameters and ORDERS:
            parameters["order_id"] = one_of(ORDERS, parameters)
        if "provider" in parameters and PROVIDER:
            parameters["provider"] = PROVIDER
    if operation == "cancel-order" and parameters.get("order_id") in ORDERS:
        parameters["order_id"] = one_of(CANCELLABLE, parameters)


def one_of(orders, parameters):
    return orders[number(parameters) // 2 % len(orders)]


def number(parameters):
    """The same for the same case, so that a run with the same seed makes the same requests."""
    return zlib.crc32(repr(sorted(parameters.items())).encode())


def half(parameters):
    return number(parameters) % 2 == 0
