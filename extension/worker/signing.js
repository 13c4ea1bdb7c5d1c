/** Signatures of Standard Webhooks 1.0: HMAC-SHA256 over `id.timestamp.body`. */

/**
 * The headers that sign a body. `secret` is `whsec_` and base64; `at` is in milliseconds since 1970.
 * Throws where the secret is not base64.
 */
export async function signedHeaders(secret, id, at, body) {
  const timestamp = String(Math.floor(at / 1000));
  const key = await crypto.subtle.importKey("raw", bytesOf(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const signature = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(`${id}.${timestamp}.${body}`));
  return {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": `v1,${btoa(String.fromCharCode(...new Uint8Array(signature)))}`,
  };
}

function bytesOf(secret) {
  return Uint8Array.from(atob(secret.replace(/^whsec_/, "")), (character) => character.charCodeAt(0));
}
