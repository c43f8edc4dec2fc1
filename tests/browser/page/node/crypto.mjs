// The page's own random ids.

export const randomUUID = () => crypto.randomUUID();
