import { none } from "./none.js";

export default none("Google Drive in the layout of db-to-cloud");
