export { isJsonObject, type Json, type JsonObject, ownValue } from "./json.ts";
