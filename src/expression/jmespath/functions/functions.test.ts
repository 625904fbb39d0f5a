/** The function table of the policy language, row by row: expression, then what it gives, or the error it gives. */

import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Json } from "../../../object/index.ts";
import type { Environment } from "../../language.ts";
import { compileJmespath, Run, runGuarded } from "../index.ts";

const environment: Environment = {
  now: () => new Date("2023-05-06T07:08:09.999Z"),
  random: (place) => {
    let state = [...place].reduce((sum, character) => sum * 31 + (character.codePointAt(0) ?? 0), 7) % 2147483647;
    return () => {
      state = (state * 48271) % 2147483647;
      return state / 2147483647;
    };
  },
  hash: (algorithm, text) => createHash(algorithm).update(text).digest("hex"),
};

const given: Json = {
  labels: { app: "x", tier: "web" },
  m: { k: "v", b: 2, a: 1 },
  l: ["a", "b"],
  s: "text",
  deep: { "<": "&" },
  texts: ["1Gi", "1Gi"],
};

function run(expression: string, current: Json = given): Json {
  const compiled = compileJmespath(expression);
  if ("problem" in compiled) throw new Error(compiled.problem.message);
  const result = runGuarded(() => compiled.expression.run(current, new Run(environment)));
  if ("fault" in result) throw new Error(result.fault.message);
  return result.value ?? null;
}

const gives = (rows: readonly (readonly [string, Json])[]): void => {
  it.each(rows)("%s", (expression, expected) => expect(run(expression)).toEqual(expected));
};
const fails = (rows: readonly (readonly [string, RegExp])[]): void => {
  it.each(rows)("%s is an error", (expression, message) => expect(() => run(expression)).toThrow(message));
};

describe("text", () => {
  gives([
    ["compare('a','b')", -1],
    ["compare('a','a')", 0],
    ["compare('b','a')", 1],
    ["compare('\uffff','😀')", -1],
    ["equal_fold('Go','GO')", true],
    ["equal_fold('ß','ss')", false],
    ["equal_fold('K','k')", true],
    ["replace('aaa','a','b',`2`)", "bba"],
    ["replace('aaa','a','b',`-1`)", "bbb"],
    ["replace('aaa','a','b',`0`)", "aaa"],
    ["replace('ab','','-',`1`)", "-ab"],
    ["replace('ab','','-',`2`)", "-a-b"],
    ["replace_all('aXbX','X','-')", "a-b-"],
    ["replace_all('ab','','-')", "-a-b-"],
    ["replace_all('','','-')", "-"],
    ["to_upper('aé')", "AÉ"],
    ["to_upper('ß')", "ß"],
    ["to_lower('AÉ')", "aé"],
    ["trim('abcba','ab')", "c"],
    ["trim('  a b ',' ')", "a b"],
    ["trim('aa','a')", ""],
    ["trim_prefix('abc','ab')", "c"],
    ["trim_prefix('abc','x')", "abc"],
    ["split('a,b',',')", ["a", "b"]],
    ["split('','x')", [""]],
    ["split('abc','')", ["a", "b", "c"]],
    ["truncate('hello',`2.9`)", "he"],
    ["truncate('héllo',`2`)", "hé"],
    ["truncate('😀😀😀',`2`)", "😀😀"],
    ["truncate('hello',`-1`)", ""],
    ["truncate('hello',`99`)", "hello"],
    ["to_boolean('FALSE')", false],
    ["to_boolean('true')", true],
    ["path_canonicalize('/a//b/../c/')", "/a/c"],
    ["path_canonicalize('./a')", "a"],
    ["path_canonicalize('')", ""],
    ["path_canonicalize('/../a')", "/a"],
    ["path_canonicalize('../../a')", "../../a"],
    ["path_canonicalize('a/..')", "."],
    ["to_string(deep)", '{"\\u003c":"\\u0026"}'],
    ["to_string(m)", '{"a":1,"b":2,"k":"v"}'],
    ["to_string(missing)", "null"],
  ]);
  fails([
    ["replace('aaa','a','b')", /takes 4 arguments, not 3/],
    ["to_upper(`1`)", /must be a string, not the number 1/],
    ["trim('a')", /takes 2/],
    ["to_boolean('yes')", /"true" or "false"/],
    ["to_boolean(`true`)", /must be a string/],
  ]);
});

describe("patterns", () => {
  gives([
    ["regex_match('^a+$','aaa')", true],
    ["regex_match('b','abc')", true],
    ["regex_match('^1',`123`)", true],
    ["regex_match('^b','abc')", false],
    ["regex_replace_all('a(.)','abac','$1-')", "b-c-"],
    [`regex_replace_all('a(.)','abac','${"$"}{1}x')`, "bxcx"],
    ["regex_replace_all('a(.)','abac','$1x')", ""],
    ["regex_replace_all('a(?P<n>.)','abac','<$n>')", "<b><c>"],
    ["regex_replace_all('a(.)','abac','$$1')", "$1$1"],
    ["regex_replace_all('x?','ab','-')", "-a-b-"],
    ["regex_replace_all('1',`121`,`3`)", "323"],
    ["regex_replace_all_literal('a(.)','abac','$1')", "$1$1"],
    ["pattern_match('a*','abc')", true],
    ["pattern_match('a?','a')", false],
    ["pattern_match('1*',`123`)", true],
    ['label_match(`{"app":"x"}`,labels)', true],
    ["label_match(`{}`,labels)", true],
    ['label_match(`{"app":"*"}`,labels)', false],
    ['label_match(`{"no":"x"}`,labels)', false],
  ]);
  fails([
    ["regex_match('(?=a)b','ab')", /RE2/],
    ["regex_match('(','ab')", /RE2/],
  ]);
});

describe("arithmetic", () => {
  gives([
    ["add(`1`,`2`)", 3],
    ["add('1','2')", "3"],
    ["add('1Gi','512Mi')", "1536Mi"],
    ["add('500m','1')", "1500m"],
    ["subtract('1Gi','1Mi')", "1023Mi"],
    ["add('1h','90s')", "1h1m30s"],
    ["add('1h','30m')", "1h30m0s"],
    ["add('30m','1h')", "1h30m0s"],
    ["add('30m','30m')", "60m"],
    ["subtract('1h','2h')", "-1h0m0s"],
    ["multiply('1Gi',`2`)", "2Gi"],
    ["multiply(`2`,'1h')", "2h0m0s"],
    ["multiply('1h',`1.5`)", "1h30m0s"],
    ["multiply(`3`,`4`)", 12],
    ["divide('1Gi','1Mi')", 1024],
    ["divide('1Gi',`3`)", "357913941"],
    ["divide('10',`3`)", "3"],
    ["divide('10','4')", 2.5],
    ["divide('1h',`3`)", "20m0s"],
    ["divide('1h','1s')", 3600],
    ["divide(`1`,`3`)", 1 / 3],
    ["modulo(`7`,`3`)", 1],
    ["modulo('7','3')", "1"],
    ["modulo(`-7`,`3`)", -1],
    ["modulo(`-6`,`3`)", 0],
    ["sum(`[1,2,3]`)", 6],
    ["sum(texts)", "2Gi"],
    ["sum(['a'])", "a"],
    ["sum(['30m','30m','1h'])", "2h0m0s"],
    ["avg(`[1,2,3]`)", 2],
    ["round(`3.456`,`2`)", 3.46],
    ["round(`2.5`,`0`)", 3],
    ["round(`-2.5`,`0`)", -3],
  ]);
  fails([
    ["add(`1`,'2')", /types do not fit/],
    ["add('1h',`1`)", /types do not fit/],
    ["add('a','b')", /neither a number nor a quantity/],
    ["multiply('1','2')", /types do not fit/],
    ["divide(`1`,'2')", /types do not fit/],
    ["divide(`1`,`0`)", /zero/],
    ["divide('1Gi','0')", /zero/],
    ["modulo(`1`,`0`)", /zero/],
    ["modulo(`1.5`,`1`)", /whole/],
    ["sum(`[]`)", /no sum/],
    ["sum([`1`,'1Gi'])", /types do not fit/],
    ["avg(`[]`)", /no average/],
    ["round(`1.5`,`-1`)", /whole number of digits/],
    ["round(`1.5`,`0.5`)", /whole number of digits/],
    ["multiply('1Gi',`1e300`)", /too large/],
  ]);
});

describe("encodings", () => {
  gives([
    ["base64_encode('hi')", "aGk="],
    ["base64_encode('')", ""],
    ["base64_decode('aGk=')", "hi"],
    ["base64_decode(base64_encode('é😀x'))", "é😀x"],
    ["parse_json('[1,\"x\"]')", [1, "x"]],
    ["parse_json('5')", 5],
    ["md5('a')", "0cc175b9c0f1b6a831c399e269772661"],
    ["sha1('a')", "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"],
    ["sha256('')", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    ["parse_yaml('yes')", true],
    ["parse_yaml('on')", true],
    ["parse_yaml('NO')", false],
    ["parse_yaml('014')", 12],
    ["parse_yaml('0x10')", 16],
    ["parse_yaml('-0x10')", -16],
    ["parse_yaml('1_000')", 1000],
    ["parse_yaml('1.5')", 1.5],
    ["parse_yaml('1.10.0')", "1.10.0"],
    ["parse_yaml('12:30:45')", "12:30:45"],
    ["parse_yaml('2020-01-01')", "2020-01-01"],
    ["parse_yaml('~')", null],
    ["parse_yaml('')", null],
    ["parse_yaml('a: 1\nb: [x, \"yes\"]').b", ["x", "yes"]],
    ["parse_yaml('a: 1\na: 2')", { a: 2 }],
    ["parse_yaml('x: &x {a: 1}\ny: {<<: *x, b: 2}').y", { a: 1, b: 2 }],
    ["parse_yaml('1: a')", { "1": "a" }],
  ]);
  fails([
    ["base64_decode('aGk')", /base64/],
    ["base64_decode('a-_=')", /base64/],
    ["parse_json('{')", /JSON/],
    ["parse_yaml('a: [')", /not YAML/],
    ["sha256(`1`)", /must be a string/],
  ]);
});

describe("lists and maps", () => {
  gives([
    ["lookup(m,'k')", "v"],
    ["lookup(m,'zz')", null],
    ["lookup(l,`1`)", "b"],
    ["lookup(l,`9`)", null],
    ["lookup(l,`-1`)", null],
    ["lookup(m,'constructor')", null],
    [
      "items(m,'key','value')",
      [
        { key: "a", value: 1 },
        { key: "b", value: 2 },
        { key: "k", value: "v" },
      ],
    ],
    [
      "items(l,'i','v')",
      [
        { i: 0, v: "a" },
        { i: 1, v: "b" },
      ],
    ],
    ["items(`{}`,'k','v')", []],
    ["object_from_lists(l,`[1,2,3]`)", { a: 1, b: 2 }],
    ["object_from_lists(l,['x'])", { a: "x", b: null }],
    ["object_from_lists(`[1,true]`,l)", { "1": "a", true: "b" }],
  ]);
  fails([
    ["lookup(l,`0.5`)", /whole/],
    ["lookup(null,'a')", /map or a list/],
    ["lookup(s,'a')", /map or a list/],
    ["lookup(m,`1`)", /string/],
    ["items(null,'a','b')", /map or a list/],
    ["object_from_lists([null],l)", /strings/],
    ["length(missing)", /null \(or not found\)/],
    ["keys(missing)", /must be a map/],
    ["contains(missing,'a')", /must be/],
  ]);
});

describe("versions, images, addresses, random text", () => {
  gives([
    ["semver_compare('4.1.3','>=4.1.x')", true],
    ["semver_compare('4.2.3','4.1.x')", false],
    ["semver_compare('4.1.3','4.x')", true],
    ["semver_compare('1.2.3','>1.0.0 <2.0.0 || >=3.0.0')", true],
    ["semver_compare('2.2.3','>1.0.0 <2.0.0 || >=3.0.0')", false],
    ["semver_compare('1.2.3-rc.1','>=1.0.0')", true],
    ["semver_compare('1.2.3-rc.1','>=1.2.3')", false],
    ["semver_compare('1.0.0','!1.0.0')", false],
    ["semver_compare('v1.2.3','<0.0.1')", true],
    ["semver_compare('1.2','<0.0.1')", true],
    ["semver_compare('1.10.0','>1.9.0')", true],
    ["image_normalize('nginx')", "docker.io/nginx:latest"],
    ["image_normalize('a/b')", "docker.io/a/b:latest"],
    ["image_normalize('localhost:5000/a:1')", "localhost:5000/a:1"],
    [`image_normalize('x:1@sha256:${"a".repeat(64)}')`, `docker.io/x@sha256:${"a".repeat(64)}`],
    ["is_external_url('http://10.1.2.3')", false],
    ["is_external_url('https://8.8.8.8:443/x')", true],
    ["is_external_url('http://169.254.169.254')", true],
    ["is_external_url('http://[::1]/')", false],
    ["is_external_url('http://[::ffff:10.0.0.1]/')", false],
    ["is_external_url('http://0x7f.1/')", false],
    ["is_external_url('http://localhost')", false],
    ["is_external_url('http://a.svc')", false],
    ["random('abc')", "abc"],
    ["length(random('[a-z0-9]{8}'))", 8],
    ["regex_match('^[a-z]{2}-(x|y)\\d+z?$', random('[a-z]{2}-(x|y)\\d{1,3}z?'))", true],
    ["regex_match('^[^a-z]{20}$', random('[^a-z]{20}'))", true],
    ["random('[a-z]{20}') == random('[a-z]{20}')", false],
  ]);
  fails([
    ["semver_compare('1.2.3','^1.0.0')", /range/],
    ["semver_compare('1.2.3','~1.0.0')", /range/],
    ["image_normalize('Nginx')", /image/],
    ["is_external_url('10.1.2.3')", /URL/],
    ["random('')", /empty/],
    ["random('[')", /too early/],
    ["random('a{3,1}')", /ends before/],
    ["random('(a')", /too early/],
    ["x509_decode('a')", /certificate in PEM/],
    ["x509_decode(`1`)", /string/],
  ]);
});

describe("time", () => {
  gives([
    ["time_now()", "2023-05-06T07:08:09Z"],
    ["time_now_utc()", "2023-05-06T07:08:09Z"],
    ["time_since('','2023-05-06T07:08:09Z','2023-05-06T08:38:09Z')", "1h30m0s"],
    ["time_since('','2023-05-06T07:08:08.999Z','')", "1s"],
    ["time_since('2006-01-02','2023-01-01','2023-01-03')", "48h0m0s"],
    ["time_parse('2006-01-02','2023-01-02')", "2023-01-02T00:00:00Z"],
    ["time_parse('1','1669492802')", "2022-11-26T20:00:02Z"],
    ["time_parse(`1`,`1669492802`)", "2022-11-26T20:00:02Z"],
    ["time_parse('Mon Jan _2 15:04:05 MST 2006','Mon Jan  2 03:04:05 XST 2023')", "2023-01-02T03:04:05Z"],
    ["time_parse('02 Jan 06 15:04 -0700','02 Jan 23 03:04 +0530')", "2023-01-02T03:04:00+05:30"],
    ["time_parse('3:04PM','3:04PM')", "0000-01-01T15:04:00Z"],
    ["time_to_cron('2023-02-02T15:04:05Z')", "4 15 2 2 4"],
    ["time_to_cron('2023-02-02T23:04:05+05:00')", "4 23 2 2 4"],
    ["time_add('2023-01-02T15:04:05Z','3h')", "2023-01-02T18:04:05Z"],
    ["time_add('2023-01-02T15:04:05.9+02:00','-3h')", "2023-01-02T12:04:05+02:00"],
    ["time_utc('2023-01-02T15:04:05+02:00')", "2023-01-02T13:04:05Z"],
    ["time_diff('2023-01-02T00:00:00Z','2023-01-03T00:00:01Z')", "24h0m1s"],
    ["time_diff('2023-01-03T00:00:01Z','2023-01-02T00:00:00Z')", "-24h0m1s"],
    ["time_before('2023-01-02T00:00:00Z','2023-01-02T00:00:00Z')", false],
    ["time_after('2023-01-02T00:00:01Z','2023-01-02T00:00:00Z')", true],
    ["time_between('2023-01-02T00:00:00Z','2023-01-02T00:00:00Z','2023-01-03T00:00:00Z')", false],
    ["time_between('2023-01-02T01:00:00Z','2023-01-02T00:00:00Z','2023-01-03T00:00:00Z')", true],
    ["time_truncate('2023-01-02T17:58:42Z','1h')", "2023-01-02T17:00:00Z"],
    ["time_truncate('2023-01-02T17:58:42Z','5m')", "2023-01-02T17:55:00Z"],
    ["time_truncate('2023-01-02T17:58:42Z','0s')", "2023-01-02T17:58:42Z"],
    ["time_add('{t}','4h') | time_to_cron(@)".replace("{t}", "2023-01-02T15:04:05Z"), "4 19 2 1 1"],
  ]);
  fails([
    ["time_add('2023-01-02T15:04:05Z','1d')", /duration/],
    ["time_add('2023-01-02','1h')", /must be a time/],
    ["time_utc('2023-02-30T00:00:00Z')", /must be a time/],
    ["time_parse('RFC3339','2023-01-02T15:04:05Z')", /layout/],
    ["time_since('','x','')", /must be a time/],
    ["time_add('9999-12-31T23:59:59Z','1s')", /years/],
  ]);
});
