import type { QueryParameter, QueryParameterType, QueryParameterValue } from "../sql/statement.ts";
import { invalid } from "./api-error.ts";
import { numberText } from "./exact-json.ts";
import { asObject, type JsonObject, optionalArray, optionalObject, optionalString, requiredString } from "./input.ts";

/**
 * The parameters of a query, checked for their form; what their texts mean is the translator's to read.
 *
 * Scalars are strings in the API, but the Node client sends numbers and booleans as such: both are taken.
 * Source: https://cloud.google.com/bigquery/docs/reference/rest/v2/QueryParameter
 */
export function readParameters(given: unknown, mode: string | undefined): readonly QueryParameter[] {
  const inputs = optionalArray(given, "queryParameters") ?? [];
  const parameters = inputs.map((input, i) => readParameter(asObject(input, path(i)), path(i)));
  const isNamed = mode ? mode.toUpperCase() === "NAMED" : parameters.some(({ name }) => name !== undefined);
  if (mode && !["NAMED", "POSITIONAL"].includes(mode.toUpperCase()))
    throw invalid("Invalid parameterMode", "parameterMode");
  if (isNamed && parameters.some(({ name }) => name === undefined)) {
    throw invalid("Query parameters must all be named in named parameter mode", "queryParameters");
  }
  if (!isNamed && parameters.some(({ name }) => name !== undefined)) {
    throw invalid("Query parameters cannot have names in positional parameter mode", "queryParameters");
  }
  return parameters;
}

function readParameter(input: JsonObject, at: string): QueryParameter {
  const name = optionalString(input.name, `${at}.name`);
  const parameterType = readType(asObject(input.parameterType, `${at}.parameterType`), `${at}.parameterType`);
  const value = optionalObject(input.parameterValue, `${at}.parameterValue`) ?? {};
  const parameterValue = readValue(value, parameterType, `${at}.parameterValue`);
  return { ...(name ? { name } : {}), parameterType, parameterValue };
}

function readType(input: JsonObject, at: string): QueryParameterType {
  const type = requiredString(input.type, `${at}.type`).toUpperCase();
  const element = optionalObject(input.arrayType, `${at}.arrayType`);
  const members = optionalArray(input.structTypes, `${at}.structTypes`);
  if (type === "ARRAY" && !element) throw invalid("An ARRAY parameter needs arrayType", `${at}.arrayType`);
  return {
    type,
    ...(element ? { arrayType: readType(element, `${at}.arrayType`) } : {}),
    ...(members ? { structTypes: members.map((member) => readMember(asObject(member, at), `${at}.structTypes`)) } : {}),
  };
}

function readMember(input: JsonObject, at: string): { readonly name?: string; readonly type: QueryParameterType } {
  const name = optionalString(input.name, `${at}.name`);
  return { ...(name ? { name } : {}), type: readType(asObject(input.type, `${at}.type`), `${at}.type`) };
}

function readValue(input: JsonObject, type: QueryParameterType | undefined, at: string): QueryParameterValue {
  const elements = optionalArray(input.arrayValues, `${at}.arrayValues`);
  const members = optionalObject(input.structValues, `${at}.structValues`);
  const element = (one: unknown): QueryParameterValue =>
    readValue(asObject(one, `${at}.arrayValues`), type?.arrayType, `${at}.arrayValues`);
  return {
    ...("value" in input ? { value: readScalar(input.value, type, `${at}.value`) } : {}),
    ...(elements ? { arrayValues: elements.map(element) } : {}),
    ...(members ? { structValues: readMembers(members, type, at) } : {}),
  };
}

function readMembers(
  members: JsonObject,
  type: QueryParameterType | undefined,
  at: string,
): Record<string, QueryParameterValue> {
  const typeOf = (name: string) => type?.structTypes?.find((member) => member.name === name)?.type;
  return Object.fromEntries(
    Object.entries(members).map(([name, value]) => {
      const path = `${at}.structValues.${name}`;
      return [name, readValue(asObject(value, path), typeOf(name), path)];
    }),
  );
}

/** The Node client writes TIMESTAMPs with nine digits after the point; zeros beyond the sixth say nothing. */
function readScalar(value: unknown, type: QueryParameterType | undefined, at: string): string | null {
  const text = readText(value, at);
  return text !== null && type?.type === "TIMESTAMP" ? text.replace(/(\.\d{6})0+(?!\d)/, "$1") : text;
}

function readText(value: unknown, at: string): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return String(value);
  const text = numberText(value);
  if (text === undefined) throw invalid(`Invalid value at '${at}': a string is expected`, at);
  return text;
}

function path(index: number): string {
  return `queryParameters[${index}]`;
}
