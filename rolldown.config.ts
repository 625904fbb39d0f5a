/**
 * One file of everything the process needs (docs/decisions/0011-one-file.md): starting it reads no folder of packages, and of
 * client-node only the reading of kubeconfigs comes along, not its 1,500 classes of API objects, which cost 80 MB resident.
 * Beside it lies what few processes load, and those once in two months: in the same file it would cost each of them 6 MB.
 */
import { createRequire } from "node:module";
import { defineConfig, type OutputOptions, type Plugin } from "rolldown";

/** Its modules do nothing by being loaded, so what is not used of them can be left out. */
const CLIENT_NODE = /node_modules\/@kubernetes\/client-node\//;

/** The modules of undici that are used; what else it exports is loaded whole when it is first touched, at 10 MB resident. */
const UNDICI_PARTS: { [name: string]: string } = {
  Agent: "undici/lib/dispatcher/agent.js",
  Client: "undici/lib/dispatcher/client.js",
  Pool: "undici/lib/dispatcher/pool.js",
  buildConnector: "undici/lib/core/connect.js",
};

/** What its index does besides. */
const UNDICI_METHODS = `Object.assign(require("undici/lib/dispatcher/dispatcher.js").prototype, require("undici/lib/api/index.js"));`;

const output: OutputOptions = {
  dir: "dist",
  format: "esm",
  codeSplitting: false,
  // one character beyond ASCII would double the memory of the whole text, and comments have some
  minify: { compress: true, mangle: { keepNames: true }, codegen: { asciiOnly: true } },
  comments: false,
  sourcemap: true,
};

export default defineConfig([
  {
    input: "src/main.ts",
    platform: "node",
    logLevel: "warn",
    treeshake: { moduleSideEffects: (id) => !CLIENT_NODE.test(id) },
    plugins: [undiciByParts(), httpRequired(), certificatesBeside()],
    output: { ...output, entryFileNames: "main.js" },
  },
  {
    input: "src/admission/certificates.ts",
    platform: "node",
    logLevel: "warn",
    output: { ...output, entryFileNames: "certificates.js" },
  },
]);

/** The only file that is imported when it is needed. */
function certificatesBeside(): Plugin {
  return {
    name: "certificates-beside",
    resolveId: (source) =>
      source === "./certificates.ts" ? { id: "./certificates.js", external: true, moduleSideEffects: false } : null,
  };
}

/** In place of undici's index: the same names, each loaded when it is first touched. */
function undiciByParts(): Plugin {
  const index = "\0undici";
  const load = createRequire(import.meta.url);
  const whole = load("undici");
  for (const [name, part] of Object.entries(UNDICI_PARTS))
    if (load(part) !== whole[name]) throw new Error(`undici's ${name} is no longer in ${part}: mend UNDICI_PARTS`);
  const getters = Object.keys(whole).map((name) => `get ${JSON.stringify(name)}() { return ${partOf(name)}; }`);
  return {
    name: "undici-by-parts",
    resolveId: (source) => (source === "undici" ? index : null),
    load: (id) => (id === index ? `${UNDICI_METHODS} module.exports = { ${getters.join(", ")} };` : null),
  };
}

function partOf(name: string): string {
  const part = UNDICI_PARTS[name];
  return part === undefined
    ? `require("undici/index.js")[${JSON.stringify(name)}]`
    : `require(${JSON.stringify(part)})`;
}

/** To import node:http evaluates its getter for WebSocket, which loads all of Node's own fetch: 13 MB resident. To require it does not. */
function httpRequired(): Plugin {
  const HTTP = /^(?:node:)?(https?)$/;
  return {
    name: "http-required",
    resolveId: (source) => (HTTP.test(source) ? `\0${source.replace("node:", "")}` : null),
    load: (id) => (HTTP.test(id.slice(1)) ? `module.exports = process.getBuiltinModule("${id.slice(1)}");` : null),
  };
}
