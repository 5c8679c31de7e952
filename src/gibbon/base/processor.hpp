#pragma once

namespace gibbon::base {

/// What AMX multiplies in tiles.
enum class TileProducts { kBytes, kBfloat16 };

/// Whether the processor has AMX tiles with these products and the operating system keeps their
/// state (Intel SDM volume 1, chapter 18). Linux wants a process to ask before it uses them.
bool processor_has_tiles(TileProducts products);

}  // namespace gibbon::base
