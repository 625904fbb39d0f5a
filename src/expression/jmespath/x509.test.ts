/** Certificates made by OpenSSL 3; what is expected is what Go's crypto/x509 makes of the same ones. */

import { describe, expect, it } from "vitest";
import { compileJmespath, Run, runGuarded } from "./index.ts";
import { decodeX509 } from "./x509.ts";

const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIC0DCCAjmgAwIBAgIJAKtUqYzrHwrSMA0GCSqGSIb3DQEBCwUAMEMxCzAJBgNV
BAYTAkNIMQ0wCwYDVQQKDARCYW5rMRkwFwYDVQQDDBBzaG9wLmV4YW1wbGUuY29t
MQowCAYDVQQFEwE3MB4XDTI2MTEyMTE1NTQzNFoXDTM2MTExODE1NTQzNFowQzEL
MAkGA1UEBhMCQ0gxDTALBgNVBAoMBEJhbmsxGTAXBgNVBAMMEHNob3AuZXhhbXBs
ZS5jb20xCjAIBgNVBAUTATcwgZ8wDQYJKoZIhvcNAQEBBQADgY0AMIGJAoGBALe5
s+C3WAns3YpxG7yGw5mMxwEZ890t0bnEQpTk1yHT+vHiHzOzbQ4qq6UjZimaIrPi
Pp0HIYc9B7fwO1z9rNFiw9z+Jx/y2u+9/hgEAqUMETIrQZcQ6h8mu+Lru46LRuH1
uM5yffoq+kOfkM5s9VoU4rZS7c+BZMucQEN/0KFbAgMBAAGjgcswgcgwZAYDVR0R
BF0wW4IQc2hvcC5leGFtcGxlLmNvbYISKi5zaG9wLmV4YW1wbGUuY29thwQKAAAB
hxAgAQ24AAAAAAAAAAAAAAABgQ1hQGV4YW1wbGUuY29thgxzcGlmZmU6Ly94L3kw
DgYDVR0PAQH/BAQDAgWgMB0GA1UdJQQWMBQGCCsGAQUFBwMBBggrBgEFBQcDAjAS
BgNVHRMBAf8ECDAGAQH/AgEAMB0GA1UdDgQWBBQDnCKrJrCt7nqgMHqJzwC7Qwgy
NjANBgkqhkiG9w0BAQsFAAOBgQCSdZw5+sKDTZbMA5iP9NtS764FhJlUi453PZd0
dwfBFCYBDAbADs4SffVs9umHrUZ24f7haRxGyfffbsjXwOyonS5IKdla8H8Svq53
7ggVcuEtGj9k08ISX8vzndy2gnYA7c/G2yDLFdDKfqVqTF7ywU5AOiWYIAeKfC0X
R0XulQ==
-----END CERTIFICATE-----
`;

const REQUEST = `-----BEGIN CERTIFICATE REQUEST-----
MIICQTCCAaoCAQAwQzELMAkGA1UEBhMCQ0gxDTALBgNVBAoMBEJhbmsxGTAXBgNV
BAMMEHNob3AuZXhhbXBsZS5jb20xCjAIBgNVBAUTATcwgZ8wDQYJKoZIhvcNAQEB
BQADgY0AMIGJAoGBALswiFPRtgGQdZ4LxUN+dq755C6bGm9JJsf1yNbIBDxv9RN7
s3OJ9q/82iu946xdEQ6sgOyjKEtNcsP+0X/5K6c9nj8071uv+PNGeTpQB1rMV2OD
tdt8hDGaKkRQU6AC7wzPdn2mlx50JrQUT/KsUm5Ywj/CUb4yCKlhcch16VSfAgMB
AAGggb0wgboGCSqGSIb3DQEJDjGBrDCBqTBkBgNVHREEXTBbghBzaG9wLmV4YW1w
bGUuY29tghIqLnNob3AuZXhhbXBsZS5jb22HBAoAAAGHECABDbgAAAAAAAAAAAAA
AAGBDWFAZXhhbXBsZS5jb22GDHNwaWZmZTovL3gveTAOBgNVHQ8BAf8EBAMCBaAw
HQYDVR0lBBYwFAYIKwYBBQUHAwEGCCsGAQUFBwMCMBIGA1UdEwEB/wQIMAYBAf8C
AQAwDQYJKoZIhvcNAQELBQADgYEAQSarKoqJbUjNVVtAPU7XjWY9W0F3EbgCfQvR
+t4cgiEzLQH7CqpF4OT58S7fQgQq0St6AX0LBnH4NpYPvX3SZ3hgR4PAqYd68klI
uKndo+zmmR/PNbKkKUy4IwC/XNSQlFQpCfzTzrE06Ktfd34Odt+DK3m82IQ2bs3W
jsj5mec=
-----END CERTIFICATE REQUEST-----
`;

const ELLIPTIC = `-----BEGIN CERTIFICATE-----
MIIBgTCCAScCFCVKArXkQeUGrxn2AX0OzWhuKp+zMAoGCCqGSM49BAMCMEMxCzAJ
BgNVBAYTAkNIMQ0wCwYDVQQKDARCYW5rMRkwFwYDVQQDDBBzaG9wLmV4YW1wbGUu
Y29tMQowCAYDVQQFEwE3MB4XDTI2MTEyMTE1NTQxNloXDTI2MTIyMTE1NTQxNlow
QzELMAkGA1UEBhMCQ0gxDTALBgNVBAoMBEJhbmsxGTAXBgNVBAMMEHNob3AuZXhh
bXBsZS5jb20xCjAIBgNVBAUTATcwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASe
yEjCExiisvuBs105KWfXoXiU/+ss7tedwcARE6dgyoOrMkeIk3JOj2iZZiR7YpSQ
d2aHkJxrGzbuBSUhKdw1MAoGCCqGSM49BAMCA0gAMEUCICTBetJTHcRYV2+0nSu7
Bl/Z/M66ov3bhs2v7sDrfE9EAiEA+7emJfkkX/3EP+G80oGKyJi22ezLRtaUGmJl
Y0Fosio=
-----END CERTIFICATE-----
`;

const NAME = {
  Country: ["CH"],
  Organization: ["Bank"],
  OrganizationalUnit: null,
  Locality: null,
  Province: null,
  StreetAddress: null,
  PostalCode: null,
  CommonName: "shop.example.com",
  SerialNumber: "7",
  Names: [
    { Type: [2, 5, 4, 6], Value: "CH" },
    { Type: [2, 5, 4, 10], Value: "Bank" },
    { Type: [2, 5, 4, 3], Value: "shop.example.com" },
    { Type: [2, 5, 4, 5], Value: "7" },
  ],
  ExtraNames: null,
};

const OTHER_NAMES = {
  DNSNames: ["shop.example.com", "*.shop.example.com"],
  EmailAddresses: ["a@example.com"],
  IPAddresses: ["10.0.0.1", "2001:db8::1"],
};

describe("what is decoded", () => {
  it("of a certificate has Go's names", () => {
    expect(decodeX509(CERTIFICATE)).toEqual({
      value: {
        Version: 3,
        SerialNumber: 12345678901234567890n,
        Issuer: NAME,
        NotBefore: "2026-11-21T15:54:34Z",
        NotAfter: "2036-11-18T15:54:34Z",
        Subject: NAME,
        PublicKeyAlgorithm: 1,
        PublicKey: {
          N: "129016364069870544425525818087698592518555277372447839504960107646164600152286605228655534843430115911540957334357903320423318275705256764130052096647622265343393065898037655216604517153112519877390592495909230910696110446436422597982484856756740400220572193263246986579961181944487251690320547269921253400923",
          E: 65537,
        },
        ...OTHER_NAMES,
        BasicConstraintsValid: true,
        IsCA: true,
        MaxPathLen: 0,
        KeyUsage: 5,
        ExtKeyUsage: [1, 2],
      },
    });
  });

  it("of a request is whom it is for, and its key", () => {
    expect(decodeX509(REQUEST)).toEqual({
      value: {
        Version: 0,
        Subject: NAME,
        PublicKeyAlgorithm: 1,
        PublicKey: {
          N: "131448993448321948953155731081275742077791134523334092791695998855380965506426045825817338917556184744694039182848357376871697219355906288126078157128559279163135189766168075143959524115663893998339953457332252801560167421857979527367300652925736303117217791140485577711520722336887568777625085170021938320543",
          E: 65537,
        },
        ...OTHER_NAMES,
      },
    });
  });

  it("is what the function gives", () => {
    const compiled = compileJmespath("x509_decode(@).[Subject.CommonName, to_string(SerialNumber)]");
    if ("problem" in compiled) throw new Error(compiled.problem.message);
    const run = new Run({ now: () => new Date(0), random: () => () => 0, hash: () => "" });
    const result = runGuarded(() => compiled.expression.run(CERTIFICATE, run));
    expect(result).toMatchObject({ value: ["shop.example.com", "12345678901234567890"] });
  });

  it("is the first of several", () => {
    expect(decodeX509(`# a chain\n${REQUEST}${CERTIFICATE}`)).toEqual(decodeX509(REQUEST));
  });
});

function pem(...bytes: number[]): string {
  return `-----BEGIN CERTIFICATE-----\n${Buffer.from(bytes).toString("base64")}\n-----END CERTIFICATE-----\n`;
}

const SEQUENCE = 0x30;
/** Its end is to be found by what is in it. */
const OPEN = 0x80;
const DEEP = pem(...Array.from({ length: 50_000 }, () => [SEQUENCE, OPEN]).flat());
const NULLS = Array.from({ length: 30_000 }, () => [5, 0]).flat();
const WIDE = pem(SEQUENCE, 0x82, NULLS.length >> 8, NULLS.length & 255, ...NULLS);
const HALF = pem(...Buffer.from(CERTIFICATE.split("\n").slice(1, 5).join(""), "base64"));

describe("what is not decoded", () => {
  it.each<[what: string, text: string, told: string]>([
    ["no PEM", "hello", "needs a certificate in PEM"],
    ["a block that does not end", CERTIFICATE.slice(0, 500), "needs a certificate in PEM"],
    ["no base64", CERTIFICATE.replace("MIIC", "!!!!"), "needs a certificate in PEM"],
    ["other bytes", pem(0, 0, 0), "a sequence is missing"],
    ["half of one", HALF, "it is no DER"],
    ["one with a wrong length", CERTIFICATE.replace("MIIC0DCC", "MIIC0TCC"), "it is no DER"],
    ["one with another key than RSA", ELLIPTIC, "only RSA keys are known"],
    ["endless nesting", DEEP, "it is no DER"],
    ["endless members", WIDE, "it is no DER"],
  ])("is %s, and it says why", (_what, text, told) => {
    const start = performance.now();
    expect(decodeX509(text)).toMatchObject({ problem: expect.stringContaining(told) });
    expect(performance.now() - start).toBeLessThan(500);
  });
});
