// Nothing to call: the library takes effect by being preloaded (LD_PRELOAD) into a child of a test.
#pragma once
