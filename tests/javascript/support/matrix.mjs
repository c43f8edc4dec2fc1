// Which clients, transports and encodings the tests run with: one row each.

import signalR from "@microsoft/signalr";

const CLIENTS = [{ name: `client ${signalR.VERSION}`, signalR }];

const TRANSPORTS = [
  { name: "WebSockets", options: ({ HttpTransportType }) => ({ transport: HttpTransportType.WebSockets }) },
];

const ENCODINGS = [{ name: "JSON", protocol: ({ JsonHubProtocol }) => new JsonHubProtocol() }];

export const VARIANTS = CLIENTS.flatMap((client) =>
  TRANSPORTS.flatMap((transport) =>
    ENCODINGS.map((encoding) => ({
      name: `${client.name}, ${transport.name}, ${encoding.name}`,
      signalR: client.signalR,
      options: () => transport.options(client.signalR),
      protocol: () => encoding.protocol(client.signalR),
    })),
  ),
);
