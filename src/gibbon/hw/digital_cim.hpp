#pragma once

namespace gibbon::hw {

inline constexpr double kBytesPerKb = 1024;

/// A digital compute-in-memory accelerator: SRAM arrays that multiply and add at their cells, with
/// a buffer each, a memory on the chip that all share, a vector unit, and DRAM outside. What the
/// cost model makes of it is in docs/models/digital_cim.md. 1 KB is 1024 bytes, 1 GB 10^9 bytes.
struct DigitalCim {
  /// An array: `columns` adder trees over `rows` multipliers, each of one bit of the input and a
  /// whole weight. Behind each multiplier lie `cells_per_column` weights, of which one takes part
  /// in a cycle while another may be written.
  struct ProcessingElements {
    int count = 64;
    int rows = 64;
    int columns = 64;
    int cells_per_column = 4;
    int weight_bits = 8;           ///< weights of more bits take several columns
    int input_bits_per_cycle = 1;  ///< inputs enter bit by bit
    double buffer_kb = 32;         ///< of inputs and partial sums, one buffer each
    double buffer_bytes_per_cycle = 256;
  };
  struct SharedMemory {
    double size_kb = 2048;
    double bytes_per_cycle = 512;  ///< to and from all PEs together
  };
  struct Dram {
    double gb_per_s = 51.2;       ///< LPDDR5-6400, 64 bits wide (JEDEC JESD209-5)
    double pj_per_bit = 20.3125;  ///< 1.3 nJ for 64 bits (Horowitz, ISSCC 2014, Fig. 1.1.9)
  };
  struct VectorUnit {
    int lanes = 512;  ///< 16-bit operations a cycle
  };

  double technology_nm = 22;  ///< 45, 28, 22, 16, 7 or 5
  double voltage_v = 0.8;
  double frequency_mhz = 400;
  ProcessingElements pe;
  SharedMemory shared_memory;
  Dram dram;
  VectorUnit vector;
};

}  // namespace gibbon::hw
