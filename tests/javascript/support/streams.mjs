// Streams from the server, collected.

import { Inbox } from "./waiting.mjs";

/** Subscribes to a stream and collects each item, and finally `{ end: error or undefined }`. */
export function subscribed(client, method, ...values) {
  const inbox = new Inbox(`the stream ${method}`);
  const subscription = client.connection.stream(method, ...values).subscribe({
    next: (item) => inbox.put(item),
    error: (error) => inbox.put({ end: error.message }),
    complete: () => inbox.put({ end: undefined }),
  });
  return { inbox, subscription };
}

/** Returns all items of a stream, and its end. */
export async function collected(client, method, ...values) {
  const { inbox } = subscribed(client, method, ...values);
  await inbox.until((item) => typeof item === "object" && item !== null && "end" in item);
  return inbox.all;
}
