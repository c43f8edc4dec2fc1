// A dedicated worker with the official client's build for workers.
/* global signalR, importScripts */

importScripts("/webworker/signalr.js");

onmessage = async ({ data: { url, transport } }) => {
  try {
    postMessage(await visit(url, signalR.HttpTransportType[transport]));
  } catch (error) {
    postMessage({ error: String(error) });
  }
};

/** Calls methods of the test hub, and receives a push. */
async function visit(url, transport) {
  const connection = new signalR.HubConnectionBuilder().withUrl(url, { transport }).build();
  const pushed = new Promise((resolve) => connection.on("Message", resolve));
  await connection.start();
  await connection.send("InvokeWithString", "pushed");
  const result = {
    transport: await connection.invoke("GetActiveTransportName"),
    echo: await connection.invoke("Echo", "你好"),
    pushed: await pushed,
    hasWindow: typeof window !== "undefined",
  };
  await connection.stop();
  return { ...result, state: connection.state };
}
