/** Paths and URLs that are called: taken apart as they are written, put together again with what their variables give. */

import { hasVariables, splitTemplate } from "../expression/index.ts";
import { isJsonObject, type Json, type JsonObject, printJson } from "../object/index.ts";

/** Parts of a path or URL, each a text that may hold variables. A JSON object, to be compiled as one template. */
export type CallUrl = { base: string; segments: string[]; query: string[] };

export type Problem = { problem: string };

/** A path of the API server. */
export function parseCallPath(text: string): CallUrl | Problem {
  const parts = parseParts(text);
  if ("problem" in parts) return parts;
  const [, ...segments] = parts.path;
  if (segments.at(-1) === "") segments.pop();
  const endless = parts.query.find((pair) => /^(watch|follow)(=|$)/.test(decoded(pair) ?? ""));
  if (endless !== undefined) return { problem: `${endless} asks for an answer that does not end: leave it out` };
  const literals = segments.filter((segment) => !hasVariables(segment));
  const wrong = literals.map((segment) => whyNoPathSegment(decoded(segment)));
  const problem = wrong.find((found) => found !== undefined);
  return problem === undefined ? { base: "", segments, query: parts.query } : { problem };
}

/** The URL of a service. */
export function parseServiceUrl(text: string): CallUrl | Problem {
  const parts = parseParts(text);
  if ("problem" in parts) return parts;
  const [scheme = "", empty, host = "", ...segments] = parts.path;
  const isWhole = hasVariables(scheme);
  if (!isWhole && (!/^https?:$/.test(scheme) || empty !== "")) return { problem: NO_URL };
  const url = isWhole
    ? { base: scheme, segments: parts.path.slice(1), query: parts.query }
    : { base: `${scheme}//${host}`, segments, query: parts.query };
  if (hasVariables(url.base)) return url;
  const base = printBase(url);
  return typeof base === "string" ? url : base;
}

const NO_URL = "write an http or https URL, such as https://teams.platform.svc:8443/teams/{{ request.namespace }}";

/** With the values of its parts; what is wrong with them otherwise. */
export function printCallUrl(values: Json, written: CallUrl): string | Problem {
  if (!isJsonObject(values)) return { problem: "it has no parts" };
  const segments = asList(values.segments).map((value, i) => printSegment(value, written.segments[i] ?? "", written));
  const query = asList(values.query).map((value, i) => printPair(value, written.query[i] ?? ""));
  const host = String(values.base);
  const isHost = !/^https?:\/\//.test(written.base) || /^https?:\/\/[^/?#\\@]+$/.test(host);
  const base = isHost ? printBase({ ...written, base: host }) : { problem: `${printJson(host)} is no host` };
  const problem = [base, ...segments, ...query].find((part) => typeof part !== "string");
  if (problem !== undefined) return problem as Problem; // no text, so what is wrong
  return [base, ...segments].join("/") + (query.length === 0 ? "" : `?${query.join("&")}`);
}

/** For `build.template`, which takes plain JSON. A pair of the query is filled in by its value only. */
export function templateOfUrl({ base, segments, query }: CallUrl): JsonObject {
  return { base, segments, query: query.map((pair) => pair.slice(pair.indexOf("=") + 1)) };
}

function parseParts(text: string): { path: string[]; query: string[] } | Problem {
  const [path = "", ...rest] = splitTemplate(text, "?") ?? [];
  const query = rest.length === 0 ? [] : (splitTemplate(rest.join("?"), "&") ?? []).filter((pair) => pair !== "");
  const literal = text.replaceAll(/\{\{.*?\}\}/gs, "");
  if (/[#\s\\]/.test(literal)) return { problem: "it holds a blank, # or \\: write those percent-encoded" };
  const wrong = query.find((pair) => hasVariables(pair.slice(0, keyLength(pair))));
  if (wrong !== undefined) return { problem: "a variable stands where the name of a query parameter has to" };
  return { path: splitTemplate(path, "/") ?? [], query };
}

function keyLength(pair: string): number {
  const end = pair.indexOf("=");
  return end < 0 ? pair.length : end;
}

/** Of the scheme form nothing but a host and a port; a whole URL may have a path. */
function printBase({ base, segments, query }: CallUrl): string | Problem {
  if (base === "") return "";
  const url = URL.parse(base);
  if (url === null || !/^https?:$/.test(url.protocol)) return { problem: NO_URL };
  if (url.username !== "" || url.password !== "")
    return { problem: "it holds a user name or a password: send those in a header" };
  if (segments.length + query.length === 0) return url.href;
  return url.hash + url.search === "" ? url.origin + url.pathname.replace(/\/$/, "") : { problem: NO_URL };
}

function asList(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

function printSegment(value: Json, written: string, { base }: CallUrl): string | Problem {
  if (!hasVariables(written) && base !== "") return written;
  const text = hasVariables(written) ? textOf(value) : decoded(written);
  if (text === undefined) return { problem: `a segment of its path must be a text, not ${printJson(value)}` };
  const problem = base === "" ? whyNoPathSegment(text) : whyNoSegment(text);
  return problem === undefined ? encodeURIComponent(text).replace(PLAIN, decodeURIComponent) : { problem };
}

/** What a segment may hold as it is. */
const PLAIN = /%(?:3A|40|2C|3D|2B|24|26|3B)/g;

function printPair(value: Json, written: string): string | Problem {
  if (!hasVariables(written)) return written;
  const text = textOf(value, true);
  if (text === undefined) return { problem: `a value of its query must be a text, not ${printJson(value)}` };
  return `${written.slice(0, keyLength(written))}=${encodeURIComponent(text)}`;
}

function textOf(value: Json, mayBeEmpty = false): string | undefined {
  if (typeof value === "string") return value !== "" || mayBeEmpty ? value : undefined;
  return typeof value === "number" || typeof value === "bigint" || typeof value === "boolean"
    ? String(value)
    : undefined;
}

/** The API server takes an encoded slash for a slash. */
function whyNoPathSegment(text: string | undefined): string | undefined {
  if (text === undefined) return "it has a malformed segment";
  return text.includes("/") ? `${printJson(text)} holds a slash, so it is more than one segment` : whyNoSegment(text);
}

function whyNoSegment(text: string): string | undefined {
  return text === "." || text === ".."
    ? `${printJson(text)} is no segment of a path, but leads to another one`
    : undefined;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
