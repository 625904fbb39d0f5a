/**
 * The metadata part of `Reflect` that `@peculiar/x509` asks for when it is loaded. It uses no decorated classes, so there
 * is never any metadata to find; only the presence of these functions is checked. Import this file before the library.
 */
if (!("getMetadata" in Reflect)) {
  const none = () => undefined;
  Object.assign(Reflect, { getMetadata: none, getOwnMetadata: none, defineMetadata: none });
}
