import { none } from "./none.js";

export default none("OneDrive");
