"""Deploys template.yaml to MiniStack: reads a job as JSON from standard input, writes the stack's outputs as JSON.

The job: endpoint_url, region, stack_name, template (path), programs (path by function name), zips (folder),
parameters, secrets (text by the output that names the secret).
"""

import concurrent.futures
import json
import os
import pathlib
import re
import sys
import time
import zipfile

import boto3
import yaml
from botocore.config import Config

BUCKET = "artifacts"
# How often a function runs at once: more processes than these would only keep this machine from being done with any.
AT_ONCE = 24
CODE = re.compile(r"(Binary: (\S+) \}.*?CodeUri: )functions/\S+", re.DOTALL)


class Short(yaml.SafeLoader):
    """Reads !Ref and its kind as the argument that they have."""


Short.add_multi_constructor("!", lambda loader, _, node: (
    loader.construct_scalar(node) if isinstance(node, yaml.ScalarNode)
    else loader.construct_sequence(node, deep=True) if isinstance(node, yaml.SequenceNode)
    else loader.construct_mapping(node, deep=True)))


def zipped(program, folder):
    """The program as `bootstrap` in a zip file, made again only when the program has changed."""
    state = program.stat()
    path = folder / f"{program.name}-{state.st_size}-{state.st_mtime_ns}.zip"
    if not path.exists():
        for old in folder.glob(f"{program.name}-[0-9]*.zip"):
            old.unlink()
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o100755 << 16
        entry.compress_type = zipfile.ZIP_DEFLATED
        part = path.with_suffix(".part")
        with zipfile.ZipFile(part, "w", compresslevel=1) as archive:
            archive.writestr(entry, program.read_bytes(), compresslevel=1)
        part.rename(path)
    return path


def upload(s3, job):
    """Programs and template into a bucket; the template's address."""
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": job["region"]})
    folder = pathlib.Path(job["zips"])
    folder.mkdir(parents=True, exist_ok=True)

    def put(name, program):
        s3.put_object(Bucket=BUCKET, Key=f"{name}.zip", Body=zipped(pathlib.Path(program), folder).read_bytes())

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(put, *zip(*job["programs"].items())))
    text = pathlib.Path(job["template"]).read_text()
    s3.put_object(Bucket=BUCKET, Key="template.yaml", Body=CODE.sub(rf"\1s3://{BUCKET}/\2.zip", text))
    return f"{job['endpoint_url']}/{BUCKET}/template.yaml"


def create(cloudformation, job, url):
    """The stack, created; its outputs."""
    name = job["stack_name"]
    parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in job["parameters"].items()]
    cloudformation.create_stack(
        StackName=name, TemplateURL=url, Parameters=parameters,
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"])
    while True:
        stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        if not stack["StackStatus"].endswith("_IN_PROGRESS"):
            break
        time.sleep(0.05)
    if stack["StackStatus"] != "CREATE_COMPLETE":
        events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        failed = [f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}"
                  for event in events if event["ResourceStatus"].endswith("_FAILED")]
        sys.exit("; ".join(failed) or stack.get("StackStatusReason", stack["StackStatus"]))
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def mend(client, job, outputs):
    """What MiniStack leaves out of the template: the API's CORS and the tables' time to live. And what this machine
    needs: an end to how often each function runs at once."""
    resources = yaml.load(pathlib.Path(job["template"]).read_text(), Short)["Resources"]
    names = client("cloudformation").describe_stack_resources(StackName=job["stack_name"])["StackResources"]
    physical = {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in names}
    for logical, resource in resources.items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::DynamoDB::Table" and "TimeToLiveSpecification" in properties:
            client("dynamodb").update_time_to_live(
                TableName=physical[logical], TimeToLiveSpecification=properties["TimeToLiveSpecification"])
        if resource["Type"] == "AWS::ApiGatewayV2::Api":
            cors = dict(properties["CorsConfiguration"], AllowOrigins=job["parameters"]["AllowedOrigins"].split(","))
            client("apigatewayv2").update_api(ApiId=outputs["ApiId"], CorsConfiguration=cors)
        if resource["Type"] == "AWS::Serverless::Function":
            client("lambda").put_function_concurrency(
                FunctionName=physical[logical], ReservedConcurrentExecutions=AT_ONCE)


def main():
    job = json.load(sys.stdin)

    def client(service):
        return boto3.client(
            service, endpoint_url=job["endpoint_url"], region_name=job["region"],
            aws_access_key_id="test", aws_secret_access_key="test",
            config=Config(s3={"addressing_style": "path"}))

    outputs = create(client("cloudformation"), job, upload(client("s3"), job))
    for output, text in job["secrets"].items():
        client("secretsmanager").put_secret_value(SecretId=outputs[output], SecretString=text)
    mend(client, job, outputs)
    json.dump(outputs, sys.stdout)


main()
