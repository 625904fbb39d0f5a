/** The table of results: on the screen as it grows, and as a page at the end. */

import { readFileSync } from "node:fs";
import { cpus, release } from "node:os";
import type { Spread } from "./figures.ts";

/** `kept`: whether what was asked holds; undefined for what is told and not judged. */
export type Row = { what: string; measured: string; asked: string; kept: boolean | undefined };

export class Table {
  readonly #rows: Row[] = [];

  /** A figure that nobody judges. */
  tell(what: string, measured: string): void {
    this.#add({ what, measured, asked: "", kept: undefined });
  }

  judge(what: string, measured: string, verdict: { asked: string; kept: boolean }): void {
    this.#add({ what, measured, ...verdict });
  }

  get missed(): number {
    return this.#rows.filter(({ kept }) => kept === false).length;
  }

  page(introduction: readonly string[]): string {
    const rows = this.#rows.map(
      ({ what, measured, asked, kept }) => `| ${what.trim()} | ${measured} | ${asked} | ${word(kept)} |`,
    );
    return [
      "# Bench results",
      "",
      ...introduction,
      "",
      "| what | measured | asked | |",
      "|---|---|---|---|",
      ...rows,
      "",
    ].join("\n");
  }

  #add(row: Row): void {
    this.#rows.push(row);
    const { what, measured, asked, kept } = row;
    process.stdout.write(`${what.padEnd(64)} ${measured.padStart(22)}  ${asked.padEnd(13)} ${word(kept)}\n`);
  }
}

/** `median (least..most)`. */
export function print({ median, least, most }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${least.toFixed(digits)}..${most.toFixed(digits)})`;
}

export function describeMachine(): string {
  const memory = Math.round(Number(/MemTotal:\s+(\d+)/.exec(readFileSync("/proc/meminfo", "utf8"))?.[1]) / 1024 / 1024);
  return `${cpus().length} x ${cpus()[0]?.model ?? "?"}, ${memory} GiB, Linux ${release()}, Node ${process.version}`;
}

function word(kept: boolean | undefined): string {
  if (kept === undefined) return "";
  return kept ? "kept" : "MISSED";
}
