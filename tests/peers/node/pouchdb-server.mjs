// A server for PouchDB: express-pouchdb over LevelDB in a folder. It says its port, and ends with its standard input.
import { once } from "node:events";
import express from "express";
import expressPouchDB from "express-pouchdb";
import PouchDB from "pouchdb";

const prefix = `${process.argv[2]}/`;
const app = express();
app.use("/", expressPouchDB(PouchDB.defaults({ prefix }), { mode: "minimumForPouchDB", inMemoryConfig: true, logPath: `${prefix}log` }));
const server = app.listen(0, "127.0.0.1");
await once(server, "listening");
console.log(server.address().port);
process.stdin.resume().on("end", () => process.exit(0));
