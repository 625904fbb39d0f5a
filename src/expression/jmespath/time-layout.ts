/** Go's way to describe a date: an example of the moment 2006-01-02 15:04:05 -0700. Only reading is needed here. */

import { type DateParts, type Moment, momentOf } from "./time.ts";

/** Elements in the order in which they are looked for; the longer of two that begin alike comes first. */
const ELEMENTS: readonly (readonly [text: string, form: string, field: Field])[] = [
  ["January", "([A-Za-z]{3,9})", "month name"],
  ["Jan", "([A-Za-z]{3})", "month name"],
  ["Monday", "([A-Za-z]{6,9})", "ignored"],
  ["Mon", "([A-Za-z]{3})", "ignored"],
  ["MST", "([A-Z]{3,5})", "ignored"],
  ["2006", "(\\d{4})", "year"],
  ["-07:00", "([+-]\\d{2}:\\d{2})", "offset"],
  ["-0700", "([+-]\\d{4})", "offset"],
  ["-07", "([+-]\\d{2})", "offset"],
  ["Z07:00", "(Z|[+-]\\d{2}:\\d{2})", "offset"],
  ["Z0700", "(Z|[+-]\\d{4})", "offset"],
  ["Z07", "(Z|[+-]\\d{2})", "offset"],
  ["01", "(\\d{2})", "month"],
  ["02", "(\\d{2})", "day"],
  ["03", "(\\d{2})", "hour of twelve"],
  ["04", "(\\d{2})", "minute"],
  ["05", "(\\d{2})", "second"],
  ["06", "(\\d{2})", "short year"],
  ["15", "(\\d{1,2})", "hour"],
  ["PM", "([AP]M)", "half"],
  ["pm", "([ap]m)", "half"],
  ["_2", " ?(\\d{1,2})", "day"],
  ["1", "(\\d{1,2})", "month"],
  ["2", "(\\d{1,2})", "day"],
  ["3", "(\\d{1,2})", "hour of twelve"],
  ["4", "(\\d{1,2})", "minute"],
  ["5", "(\\d{1,2})", "second"],
];

type Field =
  | "year"
  | "short year"
  | "month"
  | "month name"
  | "day"
  | "hour"
  | "hour of twelve"
  | "half"
  | "minute"
  | "second"
  | "fraction"
  | "offset"
  | "ignored";

const MONTHS = "january february march april may june july august september october november december".split(" ");

/** Undefined when the text does not fit the layout. */
export function parseWithLayout(layout: string, text: string): Moment | undefined {
  if (layout.length > 200 || text.length > 200) return undefined;
  const { form, fields } = readLayout(layout);
  const found = form.exec(text);
  if (found === null) return undefined;
  const values = new Map<Field, string>();
  fields.forEach((field, at) => {
    const value = found[at + 1];
    if (value !== undefined) values.set(field, value);
  });
  const parts = partsOf(values);
  return parts === undefined ? undefined : momentOf(parts);
}

function readLayout(layout: string): { form: RegExp; fields: Field[] } {
  const fields: Field[] = [];
  let form = "";
  for (let at = 0; at < layout.length; ) {
    const element = elementAt(layout, at);
    form += element.form;
    at += element.length;
    if (element.field !== undefined) fields.push(element.field);
    if (element.field === "second" && !/^[.,][09]/.test(layout.slice(at))) {
      form += "(?:[.,](\\d{1,9}))?"; // A fraction may follow the seconds even where the layout has none.
      fields.push("fraction");
    }
  }
  return { form: new RegExp(`^${form}$`), fields };
}

function elementAt(layout: string, at: number): { form: string; length: number; field?: Field } {
  const fraction = /^[.,](0+|9+)(?!\d)/.exec(layout.slice(at));
  if (fraction !== null) {
    const digits = (fraction[1] ?? "").length;
    const form = fraction[1]?.startsWith("0") ? `[.,](\\d{${digits}})` : "(?:[.,](\\d{1,9}))?";
    return { form, length: fraction[0].length, field: "fraction" };
  }
  const element = ELEMENTS.find(([text]) => layout.startsWith(text, at));
  if (element !== undefined) return { form: element[1], length: element[0].length, field: element[2] };
  return { form: layout.charAt(at).replace(/[\\^$.*+?()[\]{}|/-]/, "\\$&"), length: 1 };
}

function partsOf(values: ReadonlyMap<Field, string>): DateParts | undefined {
  const number = (field: Field, absent: number): number => Number(values.get(field) ?? absent);
  const month = monthOf(values);
  const hour = hourOf(values);
  if (month === undefined || hour === undefined) return undefined;
  return {
    year: yearOf(values),
    month,
    day: number("day", 1),
    hour,
    minute: number("minute", 0),
    second: number("second", 0),
    fraction: values.get("fraction") ?? "",
    offset: offsetOf(values.get("offset")),
  };
}

function yearOf(values: ReadonlyMap<Field, string>): number {
  const short = values.get("short year");
  if (short === undefined) return Number(values.get("year") ?? 0);
  return Number(short) + (Number(short) >= 69 ? 1900 : 2000);
}

function monthOf(values: ReadonlyMap<Field, string>): number | undefined {
  const name = values.get("month name")?.toLowerCase();
  if (name === undefined) return Number(values.get("month") ?? 1);
  const at = MONTHS.findIndex((month) => month === name || (name.length === 3 && month.startsWith(name)));
  return at < 0 ? undefined : at + 1;
}

function hourOf(values: ReadonlyMap<Field, string>): number | undefined {
  const written = values.get("hour of twelve");
  const hour = Number(written ?? values.get("hour") ?? 0);
  if (written !== undefined && hour > 12) return undefined;
  const half = values.get("half")?.toLowerCase();
  if (half === "pm" && hour < 12) return hour + 12;
  return half === "am" && hour === 12 ? 0 : hour;
}

function offsetOf(text: string | undefined): number {
  const [, sign, hours = "0", minutes = "0"] = /^([+-])(\d{2}):?(\d{2})?$/.exec(text ?? "") ?? [];
  return (sign === "-" ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60) + 0;
}
