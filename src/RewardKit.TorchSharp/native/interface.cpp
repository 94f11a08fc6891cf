// What the shim was built from, told before anything of libtorch is called. Compiled by itself: it includes nothing.
extern "C" {
// The hash that interface.sh prints.
__attribute__((visibility("default"))) const char* rk_interface() { return RK_INTERFACE; }

// Such as 1.13.0.
__attribute__((visibility("default"))) const char* rk_torch_version() { return RK_TORCH_VERSION_TEXT; }
}
