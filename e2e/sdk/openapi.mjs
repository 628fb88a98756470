// Holds an OpenAPI document, read from standard input, to the schemas of the
// specification. Prints {"valid": …, "version": …, "errors": …}.
import { Validator } from "@seriousme/openapi-schema-validator";

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);

const validator = new Validator();
const result = await validator.validate(JSON.parse(Buffer.concat(chunks).toString("utf8")));
process.stdout.write(JSON.stringify({ valid: result.valid, version: validator.version, errors: result.errors }));
