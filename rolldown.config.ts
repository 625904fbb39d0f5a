/**
 * One file of everything the process needs (docs/decisions/0011-one-file.md): starting it reads no folder of packages, and of
 * client-node only the reading of kubeconfigs comes along, not its 1,500 classes of API objects, which cost 80 MB resident.
 */
import { defineConfig } from "rolldown";

/** Its modules do nothing by being loaded, so what is not used of them can be left out. */
const CLIENT_NODE = /node_modules\/@kubernetes\/client-node\//;

export default defineConfig({
  input: "src/main.ts",
  platform: "node",
  logLevel: "warn",
  treeshake: { moduleSideEffects: (id) => !CLIENT_NODE.test(id) },
  output: {
    dir: "dist",
    format: "esm",
    entryFileNames: "main.js",
    codeSplitting: false,
    minify: { compress: true, mangle: { keepNames: true } },
    sourcemap: true,
  },
});
