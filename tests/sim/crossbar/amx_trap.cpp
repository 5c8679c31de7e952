#include "sim/crossbar/amx_trap.hpp"

#include "sim/crossbar/emulated_amx.hpp"

#if defined(__x86_64__) && defined(__linux__)
#include <signal.h>
#include <ucontext.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <stdexcept>

namespace gibbon::sim {

namespace {

using Registers = decltype(ucontext_t{}.uc_mcontext.gregs);

EmulatedTiles* g_tiles = nullptr;
long g_instructions = 0;
struct sigaction g_before;

/// The numbers that instructions have for the general registers.
constexpr std::array<int, 16> kRegisterPlaces = {
    REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
    REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

/// An instruction with a three-byte VEX prefix (Intel SDM volume 2, 2.3).
struct Instruction {
  enum Prefix { kNone = 0, k66 = 1, kF3 = 2, kF2 = 3 };
  int opcode = 0;
  int prefix = kNone;
  int reg = 0;                ///< operand in ModRM.reg
  int rm = 0;                 ///< operand in ModRM.rm, if it is a register
  int vvvv = 0;               ///< operand in VEX.vvvv
  char* memory = nullptr;     ///< base and displacement, if there is a memory operand
  std::ptrdiff_t stride = 0;  ///< scaled index
  int length = 0;

  bool is(int code, int with, bool in_memory) const {
    return opcode == code && prefix == with && (memory != nullptr) == in_memory;
  }
};

std::ptrdiff_t register_value(const Registers& registers, int number) {
  return registers[kRegisterPlaces[static_cast<std::size_t>(number)]];
}

Instruction decode(const Registers& registers) {
  const auto* const start = reinterpret_cast<const std::uint8_t*>(registers[REG_RIP]);
  const auto* next = start;
  if (next[0] != 0xC4 || (next[1] & 0x1F) != 2 || (next[2] & 0x84) != 0) {
    throw std::logic_error("not an instruction of AMX");
  }
  const int high_reg = (next[1] & 0x80) == 0 ? 8 : 0;
  const int high_index = (next[1] & 0x40) == 0 ? 8 : 0;
  const int high_base = (next[1] & 0x20) == 0 ? 8 : 0;
  Instruction found;
  found.prefix = next[2] & 3;
  found.vvvv = ~(next[2] >> 3) & 15;
  found.opcode = next[3];
  const int modrm = next[4];
  next += 5;
  const int mod = modrm >> 6;
  found.reg = (modrm >> 3 & 7) | high_reg;
  found.rm = (modrm & 7) | high_base;
  if (mod != 3) {
    if ((modrm & 7) == 4) {
      const int sib = *next++;
      const int index = (sib >> 3 & 7) | high_index;
      if (index != 4) found.stride = register_value(registers, index) * (1 << (sib >> 6));
      found.rm = (sib & 7) | high_base;
    }
    if (mod == 0 && (found.rm & 7) == 5) throw std::logic_error("an address without a base");
    std::int32_t displacement = 0;
    if (mod == 1) displacement = static_cast<std::int8_t>(*next++);
    if (mod == 2) {
      std::memcpy(&displacement, next, sizeof(displacement));
      next += sizeof(displacement);
    }
    found.memory = reinterpret_cast<char*>(register_value(registers, found.rm)) + displacement;
  }
  found.length = static_cast<int>(next - start);
  return found;
}

void carry_out(const Instruction& instruction, EmulatedTiles& tiles) {
  if (instruction.is(0x49, Instruction::kNone, true)) {
    tiles.configure_bytes(instruction.memory + instruction.stride);
  } else if (instruction.is(0x49, Instruction::kNone, false)) {
    tiles.release();
  } else if (instruction.is(0x49, Instruction::kF2, false)) {
    tiles.zero_tile(instruction.reg);
  } else if (instruction.is(0x4B, Instruction::kF2, true)) {
    tiles.load_tile(instruction.reg, instruction.memory, instruction.stride);
  } else if (instruction.is(0x4B, Instruction::kF3, true)) {
    tiles.store_tile(instruction.reg, instruction.memory, instruction.stride);
  } else if (instruction.is(0x5E, Instruction::kF3, false)) {
    tiles.multiply(instruction.reg, instruction.rm, instruction.vvvv);
  } else {
    throw std::logic_error("an instruction that the kernels have no use for");
  }
}

void handle(int, siginfo_t*, void* context) {
  Registers& registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  try {
    const Instruction instruction = decode(registers);
    carry_out(instruction, *g_tiles);
    registers[REG_RIP] += instruction.length;
    ++g_instructions;
  } catch (const std::logic_error& error) {
    std::fprintf(stderr, "AmxTrap: %s\n", error.what());
    _exit(1);
  }
}

}  // namespace

AmxTrap::AmxTrap() {
  g_tiles = new EmulatedTiles;
  g_instructions = 0;
  struct sigaction action {};
  action.sa_sigaction = handle;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGILL, &action, &g_before);
}

AmxTrap::~AmxTrap() {
  sigaction(SIGILL, &g_before, nullptr);
  delete g_tiles;
  g_tiles = nullptr;
}

bool AmxTrap::possible() {
  return true;
}

long AmxTrap::instructions() const {
  return g_instructions;
}

}  // namespace gibbon::sim

#else

namespace gibbon::sim {
AmxTrap::AmxTrap() = default;
AmxTrap::~AmxTrap() = default;
bool AmxTrap::possible() {
  return false;
}
long AmxTrap::instructions() const {
  return 0;
}
}  // namespace gibbon::sim

#endif
